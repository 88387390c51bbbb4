/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Files into memory: the only part of the topology reader that knows files.
 *
 * All files of a load are held until the last is parsed, TOPOLOGY_FILE_BYTES_MAX together. A file
 * must be regular: a fifo or a terminal could keep us waiting for ever, so it is opened without
 * waiting and looked at before anything is read.
 */
#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "topology.h"

static bool __attribute__((format(printf, 4, 5)))
refuse_file(struct topology_error *error, const char *path, size_t offset, const char *format, ...)
{
	va_list arguments;

	error->file = path;
	error->offset = offset;
	va_start(arguments, format);
	vsnprintf(error->what, sizeof(error->what), format, arguments);
	va_end(arguments);
	return false;
}

static bool check_status(const struct stat *status, const char *path, size_t room,
			 struct topology_error *error)
{
	if (S_ISDIR(status->st_mode))
		return refuse_file(error, path, 0, "is a directory, not a topology file");
	if (!S_ISREG(status->st_mode))
		return refuse_file(error, path, 0, "is not a regular file");
	if (status->st_size == 0)
		return refuse_file(error, path, 0, "is empty");
	if (status->st_size < 0 || (uintmax_t)status->st_size > room)
		return refuse_file(error, path, 0, "is too large: %jd bytes, where %zu may follow",
				   (intmax_t)status->st_size, room);
	return true;
}

static bool read_whole(int file, uint8_t *data, size_t size, const char *path,
		       struct topology_error *error)
{
	size_t at = 0;

	while (at < size) {
		ssize_t got = read(file, data + at, size - at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return refuse_file(error, path, at, "cannot be read: %s", strerror(errno));
		if (got == 0)
			return refuse_file(error, path, at, "ended while it was read");
		at += (size_t)got;
	}
	return true;
}

static bool read_open_file(int file, const char *path, size_t room, struct topology_image *image,
			   struct topology_error *error)
{
	struct stat status;
	uint8_t *data;

	if (fstat(file, &status) != 0)
		return refuse_file(error, path, 0, "cannot be read: %s", strerror(errno));
	if (!check_status(&status, path, room, error))
		return false;
	data = malloc((size_t)status.st_size);
	if (data == NULL)
		return refuse_file(error, path, 0, "not enough memory");
	*image = (struct topology_image){ path, data, (size_t)status.st_size };
	return read_whole(file, data, image->size, path, error);
}

static bool read_file(const char *path, size_t room, struct topology_image *image,
		      struct topology_error *error)
{
	int file = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	bool done;

	if (file < 0)
		return refuse_file(error, path, 0, "cannot be opened: %s", strerror(errno));
	done = read_open_file(file, path, room, image, error);
	close(file);
	return done;
}

static bool read_files(const char *const *paths, size_t count, struct topology_image *images,
		       struct topology_error *error)
{
	size_t room = TOPOLOGY_FILE_BYTES_MAX;

	for (size_t i = 0; i < count; i++) {
		if (!read_file(paths[i], room, &images[i], error))
			return false;
		room -= images[i].size;
	}
	return true;
}

int topology_load(const char *const *paths, size_t count, struct topology **out,
		  struct topology_error *error)
{
	struct topology_image images[TOPOLOGY_FILES_MAX] = { 0 };
	int result = -1;

	*out = NULL;
	memset(error, 0, sizeof(*error));
	if (count == 0 || count > TOPOLOGY_FILES_MAX) {
		refuse_file(error, count == 0 ? "topology" : paths[TOPOLOGY_FILES_MAX], 0,
			    "1 to %u files make a card, not %zu", TOPOLOGY_FILES_MAX, count);
		return -1;
	}
	if (read_files(paths, count, images, error))
		result = topology_parse(images, count, out, error);
	for (size_t i = 0; i < count; i++)
		free((void *)(uintptr_t)images[i].data);
	return result;
}
