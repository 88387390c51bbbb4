/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * mmu: what can be said about any port without knowing it.
 *
 * The contract itself is in the header. Here are the checks that a port and a protection must pass
 * before a layer above relies on them, and the optional functions made safe to call: what a port
 * leaves out does nothing, or leaves a pointer as it is. Everything is O(1).
 */
#include "quire/mmu.h"
#include "quire/status.h"

#define SMALLEST_PAGE 64u
#define ENFORCEABLE   (QUIRE_WRITE | QUIRE_EXEC | QUIRE_USER)
#define PROTECTIONS   (QUIRE_READ | ENFORCEABLE)

static bool power_of_two(size_t value)
{
	return value && !(value & (value - 1));
}

static bool geometry_is_possible(const struct quire_mmu *mmu)
{
	return power_of_two(mmu->page_size) && mmu->page_size >= SMALLEST_PAGE &&
	       power_of_two(mmu->cache_line) && mmu->cache_line <= mmu->page_size &&
	       !(mmu->enforces & ~ENFORCEABLE);
}

/* Cores that do not see each other's writes need both operations to be of any use to each other. */
static bool cache_is_manageable(const struct quire_mmu *mmu)
{
	return mmu->coherent || (mmu->writeback && mmu->invalidate);
}

static bool locks_are_whole(const struct quire_mmu *mmu)
{
	bool some = mmu->lock || mmu->unlock || mmu->transition_lock || mmu->transition_unlock;
	bool all = mmu->lock && mmu->unlock && mmu->transition_lock && mmu->transition_unlock;

	return some == all;
}

static bool banks_are_whole(const struct quire_mmu *mmu)
{
	return !mmu->emptiest == !mmu->bank_of && !mmu->emptiest == !mmu->move;
}

int32_t quire_mmu_check(const struct quire_mmu *mmu)
{
	if (!mmu || !mmu->map || !mmu->unmap || !mmu->protect || !geometry_is_possible(mmu) ||
	    !cache_is_manageable(mmu) || !locks_are_whole(mmu) || !banks_are_whole(mmu) ||
	    !mmu->cached != !mmu->uncached)
		return QUIRE_EINVAL;
	return QUIRE_OK;
}

bool quire_mmu_accepts(const struct quire_mmu *mmu, uint32_t prot)
{
	uint32_t enforced = prot & (QUIRE_EXEC | QUIRE_USER);

	if (!(prot & QUIRE_READ) || (prot & ~PROTECTIONS))
		return false;
	if ((prot & QUIRE_WRITE) && (prot & QUIRE_EXEC))
		return false;
	if (!(prot & QUIRE_WRITE))
		enforced |= QUIRE_WRITE;
	return !(enforced & ~mmu->enforces);
}

void quire_relinquish(const struct quire_mmu *mmu, const void *ptr, size_t bytes)
{
	if (mmu->coherent || !bytes)
		return;
	ptr = quire_cached(mmu, ptr);
	mmu->writeback(mmu, ptr, bytes);
	mmu->invalidate(mmu, ptr, bytes);
}

void *quire_cached(const struct quire_mmu *mmu, const void *ptr)
{
	return mmu->cached ? mmu->cached(mmu, ptr) : (void *)(uintptr_t)ptr;
}

void *quire_uncached(const struct quire_mmu *mmu, const void *ptr)
{
	return mmu->uncached ? mmu->uncached(mmu, ptr) : (void *)(uintptr_t)ptr;
}
