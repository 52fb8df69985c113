#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Trigger of an apk package. The lines of its APKBUILD that belong to it are
#	triggers="$pkgname.trigger=/lib/modules/*:/usr/lib/modules/*"
# apk gives the directories that have changed. With the depmod of busybox this is the only
# thing that writes modules.devname. A failure is shown, and apk fix tries again.
exec /usr/libexec/kmod-devname/refresh "$@"
