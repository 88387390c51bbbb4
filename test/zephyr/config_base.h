/* SPDX-License-Identifier: BSD-3-Clause */
/* What Kconfig makes of all configurations here: the least there is. */
#define CONFIG_MM_DRV_PAGE_SIZE     4096
#define CONFIG_DCACHE_LINE_SIZE     64
#define CONFIG_QUIRE                1
#define CONFIG_QUIRE_VPAGE          1
#define CONFIG_QUIRE_INIT_PRIORITY  90
#define CONFIG_QUIRE_REGION_ATTR    3
#define CONFIG_QUIRE_WINDOW_PAGES   600
#define CONFIG_QUIRE_PHYSICAL_PAGES 300
#define CONFIG_QUIRE_LIBRARY_PAGES  20
#define CONFIG_QUIRE_BUDGETS        4
#define CONFIG_QUIRE_ENFORCES_WRITE 1
#define CONFIG_QUIRE_ENFORCES_EXEC  1
#define CONFIG_QUIRE_LOG_LEVEL      3
