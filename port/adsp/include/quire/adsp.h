/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file adsp.h
 * A model of the Intel ADSP on Linux: what its hardware does to memory, its page driver with the
 * faults that the real one has, and a port on that driver.
 *
 * Three things in one object, each usable alone:
 *
 * - **the machine**. A *TLB* of 16-bit entries, one for each virtual page, shared by all cores:
 *   page number in bits 0-11, enabled (12), executable (14), writable (15). *SRAM* in banks that
 *   are on while one of their pages is in use, and lose what they hold when they go off. Every
 *   address has two *aliases*: the uncached one reads and writes SRAM, the cached one goes through
 *   the cache of the core that runs. *Cores* have a write-back cache each, of whole lines, tagged
 *   by virtual address, and none sees another's. A line that is written stays in its core's cache
 *   until it is written back, or *evicted*: then all of it goes to the page that its address names
 *   by then, whoever's that is;
 * - **the driver**, shaped like Zephyr's sys_mm_drv: quire_adsp_map_page() and so on. STRICT is
 *   what its documentation says, FAULTY what it really does (see enum quire_adsp_behaviour);
 * - **the port**, a struct quire_mmu that gets along with either.
 *
 * Loads and stores of the program itself are those of the core that runs: quire_adsp_run_on() says
 * which one it is. They are real: a page that is not mapped is a SIGSEGV at its address, as is a
 * write to one that is read-only, through either alias.
 *
 * **The cache is the worst that the rules allow**: it is never full, and it fetches ahead. A line
 * is in the cache of every core at any time, with what SRAM held when it was last filled or
 * invalidated, so that an invalidation that is left out is always noticed. Whether a line is dirty
 * is told by comparing it with what it was filled with: writing what is there already does not make
 * it so.
 *
 * **A page smaller than the host's** cannot be taken away from a program. Such a model serves tests
 * of what does not depend on that: the addresses can always be touched, and the uncached alias
 * never.
 *
 * **Ownership.** The struct is the caller's and must not move between init and fini.
 *
 * **Threads.** The threads of a program are threads of one core. The port has the two locks of
 * mmu.h; all other functions are called while no other thread is inside one.
 *
 * **Cost.** One or two system calls per page to map, unmap or protect; quire_adsp_run_on() one per
 * stretch of mapped pages.
 *
 * **Not modelled.** Time; ways and sets of the cache; user mode (QUIRE_USER is refused unless
 * `user` says that it is kept out elsewhere).
 *
 * Example: two cores, one buffer.
 * @code
 *	static struct quire_adsp adsp;
 *	struct quire_adsp_config config = { .pages = 64, .frames = 64, .cores = 2 };
 *
 *	quire_adsp_init(&adsp, &config);
 *	... a vspace on adsp.mmu of adsp.pages at adsp.window, its records in quire_adsp_uncached_memory() ...
 *	memset(ptr, 1, bytes);
 *	quire_relinquish(&adsp.mmu, ptr, bytes);
 *	quire_adsp_run_on(&adsp, 1);
 *	quire_relinquish(&adsp.mmu, ptr, bytes);
 *	... and now core 1 sees it ...
 * @endcode
 */
#ifndef QUIRE_ADSP_H
#define QUIRE_ADSP_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "quire/frames.h"
#include "quire/mmu.h"
#include "quire/observe.h"
#include "quire/status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define QUIRE_ADSP_CORES  8u    /**< at most */
#define QUIRE_ADSP_FRAMES 4096u /**< at most: a page number has 12 bits */

/** Physical address of the first frame. */
#define QUIRE_ADSP_SRAM 0xa0020000u

/** Bits of `base` that the window keeps where `base` itself cannot be had. */
#define QUIRE_ADSP_KEPT_BITS 0xfffffu

/** @name An entry of the TLB
 * @{
 */
#define QUIRE_ADSP_ENTRY_PAGE   0x0fffu
#define QUIRE_ADSP_ENTRY_ENABLE 0x1000u
#define QUIRE_ADSP_ENTRY_EXEC   0x4000u
#define QUIRE_ADSP_ENTRY_WRITE  0x8000u
/** @} */

/** @name Flags of the driver, as Zephyr numbers them
 * @{
 */
#define QUIRE_ADSP_CACHE_WB  0u
#define QUIRE_ADSP_CACHE_WT  1u
#define QUIRE_ADSP_NO_CACHE  2u
#define QUIRE_ADSP_PERM_RW   (1u << 3)
#define QUIRE_ADSP_PERM_EXEC (1u << 4)
#define QUIRE_ADSP_PERM_USER (1u << 5)
/** @} */

enum quire_adsp_behaviour {
	/** Every call does what is documented, all of it or none. */
	QUIRE_ADSP_STRICT,
	/** As the real driver: a page that is mapped is mapped again, and its old frame is lost; a
	 *  region call goes on behind a page that fails, tells the first error and undoes nothing;
	 *  unmapping what is not mapped gives away the frame that the old entry still names; the
	 *  `safe` calls refuse the last page of a region; out of frames is an assertion that fails;
	 *  moving leaves both addresses mapped; a list of regions is overwritten when it is given
	 *  back. */
	QUIRE_ADSP_FAULTY
};

/** What can be made to fail, one page or one bank at a time. */
enum quire_adsp_call {
	QUIRE_ADSP_MAP,
	QUIRE_ADSP_UNMAP,
	QUIRE_ADSP_UPDATE,   /**< of a page's flags */
	QUIRE_ADSP_EXCHANGE, /**< of two pages' frames */
	QUIRE_ADSP_POWER_ON  /**< of the bank that the page would need */
};

/** All that is 0, NULL or false has a sensible meaning, but for the sizes. */
struct quire_adsp_config {
	size_t pages;             /**< entries of the TLB */
	uint32_t frames;          /**< pages of SRAM; at most QUIRE_ADSP_FRAMES */
	uint32_t frames_per_bank; /**< 0: 32 */
	uint32_t image_pages; /**< the first so many entries map the first frames, for the image */
	uint32_t cores;       /**< 0: 1 */
	size_t page_size;     /**< 0: 4096 */
	size_t cache_line;    /**< 0: 64 */
	uintptr_t
		base; /**< first address, if it can be had, else one that ends in the same 20 bits */
	uintptr_t
		uncached_xor; /**< cached address XOR this = its uncached alias. 0: any, and base is not tried */
	enum quire_adsp_behaviour behaviour;
	bool coherent; /**< tell Quire so: one core, no DMA, nobody who could see the difference */
	bool user;     /**< user mode is kept out by somebody else: accept QUIRE_USER */
	bool movable;  /**< keep one entry for moving pages, and tell Quire of the banks */
	uint8_t fresh; /**< if not 0: what a frame is filled with when it is mapped, in place of what it held */
	uint64_t seed; /**< for quire_adsp_disturb */
	/** Asked before anything is done: 0, or the errno, negative, with which it fails. May be
	 * NULL. */
	int (*fault)(void *context, enum quire_adsp_call call, uintptr_t va);
	void *context; /**< for fault() */
	struct quire_observer
		*observer; /**< told of banks by the port, under its locks; may be NULL */
};

/** A core's cache of everything: private. */
struct quire_adsp_core {
	int file;            /* what the core sees at the cached alias */
	unsigned char *line; /* the same, for the model itself */
	unsigned char *fill; /* what the lines held when they were filled */
	unsigned char *code; /* the instruction cache */
};

/** Addresses with an attribute. A list of them ends with size 0. */
struct quire_adsp_region {
	void *addr;
	size_t size;
	uint32_t attr;
};

#define QUIRE_ADSP_REGIONS 3u /**< at most */

struct quire_adsp {
	struct quire_mmu mmu; /**< what a vspace is given */
	void *window;         /**< first page behind the image */
	size_t pages;         /**< from there on, without the one kept for moving */

	/* Private. */
	struct quire_adsp_config config;
	unsigned char *base, *alias; /* of the first entry */
	uintptr_t alias_xor;
	void *reserved;
	size_t reserved_bytes;
	int sram_file;
	unsigned char *sram;
	uint16_t *tlb;
	bool *stuck;   /* an entry: should not be mapped, but the driver refused to unmap it */
	uint16_t *was; /* an entry: before protections were changed */
	bool *taken;   /* a frame: in the driver's books */
	uint32_t *bank_uses; /* pages in use */
	struct quire_adsp_core core[QUIRE_ADSP_CORES];
	uint32_t runs_on;
	unsigned char *arena;
	size_t arena_used;
	struct quire_frames frames; /* the port's */
	void *frames_storage;
	size_t free_frames; /* atomic: the number of free ones in `frames` */
	struct quire_adsp_region region[QUIRE_ADSP_REGIONS + 1];
	struct quire_adsp_region told[QUIRE_ADSP_REGIONS + 1];
	size_t longest_call; /* pages in one call of the driver, its lock held */
	const char *broken;
	uint64_t random;
	pthread_mutex_t lock, transition;
};

/**
 * Make a machine: the image is mapped, nothing else.
 * @return QUIRE_OK; QUIRE_EINVAL for impossible sizes; QUIRE_ENOVIRT if the host has no room.
 *         Nothing stays behind unless QUIRE_OK.
 */
int32_t quire_adsp_init(struct quire_adsp *adsp, const struct quire_adsp_config *config);

/** Give it all back to the host. */
void quire_adsp_fini(struct quire_adsp *adsp);

/**
 * Whether all books agree with the TLB: each frame taken is behind one page, banks are on that are
 * in use, what the port thinks is free is free; and whether anything happened that firmware would
 * not have survived: a dirty line that went to an address with nothing behind it, a frame that was
 * given back twice, an assertion that failed.
 * @return NULL, or the first such thing in words
 */
const char *quire_adsp_check(struct quire_adsp *adsp);

/** The port's pool, to look at. */
const struct quire_frames *quire_adsp_frames(const struct quire_adsp *adsp);

/** Uncached memory outside of the window, zeroed, for records; NULL if there is no more (1 MiB).
 * Aligned to a line. */
void *quire_adsp_uncached_memory(struct quire_adsp *adsp, size_t bytes);

/**
 * @name The machine
 * @{
 */

/** From now on the program's loads and stores are those of this core. */
void quire_adsp_run_on(struct quire_adsp *adsp, uint32_t core);

/** Evict this line of a core's cache, and fetch it again. */
void quire_adsp_evict(struct quire_adsp *adsp, uint32_t core, const void *ptr);

/** Evict so many lines of mapped pages, by chance, of any core, and sometimes a whole page. */
void quire_adsp_disturb(struct quire_adsp *adsp, unsigned lines);

/** Whether this core would write the line of this byte back. */
bool quire_adsp_is_dirty(const struct quire_adsp *adsp, uint32_t core, const void *ptr);

/** What a DMA engine reads or writes: virtual addresses, no cache. false: not mapped, or not
 * writable; nothing was done. */
bool quire_adsp_dma_read(struct quire_adsp *adsp, const void *from, void *to, size_t bytes);
bool quire_adsp_dma_write(struct quire_adsp *adsp, void *to, const void *from, size_t bytes);

/** What the core that runs would execute. false: not mapped, or not executable. */
bool quire_adsp_fetch(const struct quire_adsp *adsp, const void *from, void *to, size_t bytes);

/** The entry for this address, either alias; 0 outside. */
uint16_t quire_adsp_entry(const struct quire_adsp *adsp, const void *ptr);

/** Whether a bank is on. */
bool quire_adsp_bank_is_on(const struct quire_adsp *adsp, uint32_t bank);

/** Frame behind this address; QUIRE_NOWHERE if none is. */
uint32_t quire_adsp_frame_of(const struct quire_adsp *adsp, const void *ptr);
/** @} */

/**
 * @name The driver
 * As <zephyr/drivers/mm/system_mm.h> has them: 0 or a negative errno. Sizes are bytes and whole
 * pages; phys 0: the driver picks frames. In the order of their checks: -EINVAL for what is not
 * whole pages, not in the TLB or not in SRAM, -EFAULT for a page that is mapped already or not
 * mapped, -EBUSY for a frame that somebody has, -ENOMEM if no frame is free, -EIO for a bank that
 * does not come on. Mapping invalidates the page in the cache of the core that runs, and unmapping
 * writes it back.
 * @{
 */
int quire_adsp_map_page(struct quire_adsp *adsp, void *virt, uintptr_t phys, uint32_t flags);
int quire_adsp_map_region(struct quire_adsp *adsp, void *virt, uintptr_t phys, size_t size,
			  uint32_t flags);
int quire_adsp_map_array(struct quire_adsp *adsp, void *virt, const uintptr_t *phys, size_t count,
			 uint32_t flags);
int quire_adsp_map_page_safe(struct quire_adsp *adsp, const struct quire_adsp_region *region,
			     void *virt, uintptr_t phys, uint32_t flags);
int quire_adsp_map_region_safe(struct quire_adsp *adsp, const struct quire_adsp_region *region,
			       void *virt, uintptr_t phys, size_t size, uint32_t flags);
int quire_adsp_unmap_page(struct quire_adsp *adsp, void *virt);
int quire_adsp_unmap_region(struct quire_adsp *adsp, void *virt, size_t size);
int quire_adsp_update_page_flags(struct quire_adsp *adsp, void *virt, uint32_t flags);
int quire_adsp_update_region_flags(struct quire_adsp *adsp, void *virt, size_t size,
				   uint32_t flags);
int quire_adsp_page_phys_get(struct quire_adsp *adsp, void *virt, uintptr_t *phys);
int quire_adsp_move_region(struct quire_adsp *adsp, void *virt_old, size_t size, void *virt_new,
			   uintptr_t phys_new);

/** What Zephyr's driver lacks: exchange the frames behind two mapped pages. Two stores of 16 bits,
 *  so it cannot happen by half. Contents of the caches are as they were. */
int quire_adsp_exchange_pages(struct quire_adsp *adsp, void *one, void *other);

/** Name a part of the addresses. -ENOMEM: there are QUIRE_ADSP_REGIONS. */
int quire_adsp_add_region(struct quire_adsp *adsp, void *addr, size_t size, uint32_t attr);

/** The list belongs to the driver, and is gone once it was given back. */
const struct quire_adsp_region *quire_adsp_query_regions(struct quire_adsp *adsp);
void quire_adsp_query_regions_free(struct quire_adsp *adsp,
				   const struct quire_adsp_region *regions);

/** Most pages in one call so far: interrupts are off that long. */
size_t quire_adsp_longest_call(const struct quire_adsp *adsp);
/** @} */

#ifdef __cplusplus
}
#endif

#endif
