/* SPDX-License-Identifier: Apache-2.0 */
/* Orders for qsort and g_array_sort. */
#ifndef HCP_BASE_ORDER_H
#define HCP_BASE_ORDER_H

/* Of two doubles, the smaller first. No NAN among them. */
int hcp_order_doubles(const void *a, const void *b);

#endif
