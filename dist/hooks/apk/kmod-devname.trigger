#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Trigger of an apk package. Its lines in the APKBUILD are
#	triggers="$pkgname.trigger=/lib/modules/*:/usr/lib/modules/*"
# apk passes the changed directories. The depmod of busybox writes no modules.devname. apk reports
# a failure, and "apk fix" runs the trigger again.
exec /usr/libexec/kmod-devname/refresh "$@"
