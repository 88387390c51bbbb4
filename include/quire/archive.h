/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file archive.h
 * Where the contents of pages go when their memory is switched off, and where they come back from.
 *
 * An archive is what a port gives to quire_vspace_save or quire_vregion_save: two functions that
 * write and read one image from its beginning on, and best a third one that goes back there. It may
 * be other memory, a file, or a buffer that a DMA engine moves. Quire never looks into it.
 *
 * **What an image is.** A mark with the range of addresses; then for each run of pages with the
 * same protection a mark and their bytes; then an empty mark. Each mark ends with the CRC-32 of all
 * that stands before it but sums, and the last one is kept with the records too. So an image that
 * was cut short or altered is refused, as is one of another range, or an older one: surely where
 * two bits at most were altered or what was altered lies within 32 bits (up to 512 MiB), else but
 * for one in 2^32. It is no protection from intent. Words are the machine's own: an image is read
 * by the machine that wrote it.
 *
 * **When it is verified.** With `rewind` the image is read twice: nothing is mapped before all of
 * it has been found good. Without it pages are mapped and filled as they are read, and unmapped
 * again if it turns out wrong: the same is left, but the driver was called. In either case a
 * restore that fails can be tried again.
 *
 * **Cost.** Each byte is written once, and read once or twice; the sum takes some ten instructions
 * a byte each time. The driver is called once or twice for each run of pages.
 *
 * Example: an image in memory that stays on.
 * @code
 *	struct keep { struct quire_archive archive; unsigned char *bytes; size_t at, room; };
 *
 *	static int32_t keep_write(struct quire_archive *self, const void *data, size_t bytes)
 *	{
 *		struct keep *keep = (struct keep *)self;
 *
 *		if (bytes > keep->room - keep->at)
 *			return QUIRE_ENOPHYS;
 *		memcpy(keep->bytes + keep->at, data, bytes);
 *		keep->at += bytes;
 *		return QUIRE_OK;
 *	}
 *	...
 *	if (quire_vspace_save(&vs, &keep.archive))
 *		return -1; // it works as before, but for QUIRE_EDRIVER: see vpage.h
 *	... every bank is off, and on again ...
 *	if (quire_vspace_restore(&vs, &keep.archive))
 *		... it sleeps still, and nothing has changed ...
 * @endcode
 */
#ifndef QUIRE_ARCHIVE_H
#define QUIRE_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Called on the thread that saves or restores, under no lock. A status other than QUIRE_OK ends
 *  the call, which answers with it. */
struct quire_archive {
	/** Write behind what was written. May be NULL where nothing is saved. */
	int32_t (*write)(struct quire_archive *self, const void *data, size_t bytes);

	/** Read on behind what was read; a status if there are not so many bytes. May be NULL where
	 *  nothing is restored. */
	int32_t (*read)(struct quire_archive *self, void *data, size_t bytes);

	/** Read from the beginning of the image again. Optional; called before the first read. */
	int32_t (*rewind)(struct quire_archive *self);
};

/** By what the owner of a range knows the image of it again. Private. */
struct quire_image {
	uint32_t number; /* of the save; 0: it is not saved */
	uint32_t sum;    /* of all that was written */
	bool stuck;      /* some of its pages may still be mapped */
};

#ifdef __cplusplus
}
#endif

#endif
