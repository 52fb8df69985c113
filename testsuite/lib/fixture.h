/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef FIXTURE_H
#define FIXTURE_H

#include "lib/harness.h"

/* A table and a report, new for each test. */
static struct kmod_devname_table *table;
static struct kmod_devname_report *report;

static void set_up(void)
{
	ck_assert_int_eq(kmod_devname_table_new(&table), 0);
	ck_assert_int_eq(kmod_devname_report_new(&report), 0);
}

static void tear_down(void)
{
	ck_assert_ptr_null(kmod_devname_table_unref(table));
	ck_assert_ptr_null(kmod_devname_report_unref(report));
}

#endif
