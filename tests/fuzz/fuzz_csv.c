/* SPDX-License-Identifier: Apache-2.0 */
/* Recorded prices and job traces: any bytes end in rows or in one error that names a line. */
#include "base/csv.h"

#include <math.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { COLUMNS_READ = 4 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(hcp_csv) csv = hcp_csv_open_text((const char *)data, size, &error);
    if (csv == NULL) {
        g_assert_nonnull(error);
        return 0;
    }
    const char *names[COLUMNS_READ] = {"timestamp_utc", "a", "b", "price"};
    int64_t last_line = 1;
    while (hcp_csv_next(csv, &error)) {
        g_assert_cmpint(hcp_csv_line(csv), >, last_line);
        last_line = hcp_csv_line(csv);
        for (int i = 0; i < COLUMNS_READ; i++) {
            int column = hcp_csv_column(csv, names[i]);
            double number = 0;
            if (column < 0)
                continue;
            g_assert_nonnull(hcp_csv_text(csv, column));
            if (hcp_csv_number(csv, column, &number))
                g_assert_true(isfinite(number));
        }
    }
    return 0;
}
