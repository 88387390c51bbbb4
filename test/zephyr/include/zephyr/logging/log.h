/* SPDX-License-Identifier: BSD-3-Clause */
/* log: Zephyr's logging, with formats that the compiler checks for the width at hand. */
#ifndef HOST_ZEPHYR_LOG_H
#define HOST_ZEPHYR_LOG_H

void host_log(const char *module, char level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#define LOG_MODULE_REGISTER(name, ...)                    \
	static const char *const host_log_module = #name; \
	_Static_assert((HOST_LOG_LEVEL_(__VA_ARGS__)) >= 0, "")
#define LOG_MODULE_DECLARE(...) LOG_MODULE_REGISTER(__VA_ARGS__)
#define HOST_LOG_LEVEL_(level)  level

#define LOG_ERR(...) host_log(host_log_module, 'E', __VA_ARGS__)
#define LOG_WRN(...) host_log(host_log_module, 'W', __VA_ARGS__)
#define LOG_INF(...) host_log(host_log_module, 'I', __VA_ARGS__)
#define LOG_DBG(...) host_log(host_log_module, 'D', __VA_ARGS__)

#endif
