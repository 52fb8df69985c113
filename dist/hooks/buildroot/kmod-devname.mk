# SPDX-License-Identifier: GPL-2.0-or-later
################################################################################
#
# kmod-devname
#
################################################################################

KMOD_DEVNAME_VERSION = 0.2.0
KMOD_DEVNAME_SOURCE = kmod-devname-$(KMOD_DEVNAME_VERSION).tar.xz
# The tarball lies beside this file.
KMOD_DEVNAME_SITE = $(realpath $(KMOD_DEVNAME_PKGDIR))
KMOD_DEVNAME_SITE_METHOD = file
KMOD_DEVNAME_LICENSE = LGPL-2.1+ (library), GPL-2.0+ (program)
KMOD_DEVNAME_LICENSE_FILES = COPYING
KMOD_DEVNAME_INSTALL_STAGING = YES
KMOD_DEVNAME_DEPENDENCIES = elfutils host-kmod-devname host-pkgconf xz zlib zstd
KMOD_DEVNAME_CONF_OPTS = --disable-tests --without-smartcols

ifeq ($(BR2_PACKAGE_KMOD),y)
KMOD_DEVNAME_DEPENDENCIES += kmod
KMOD_DEVNAME_CONF_OPTS += --with-libkmod
else
KMOD_DEVNAME_CONF_OPTS += --without-libkmod
endif

ifeq ($(BR2_PACKAGE_LIBSELINUX),y)
KMOD_DEVNAME_DEPENDENCIES += libselinux
KMOD_DEVNAME_CONF_OPTS += --with-selinux
else
KMOD_DEVNAME_CONF_OPTS += --without-selinux
endif

HOST_KMOD_DEVNAME_DEPENDENCIES = host-elfutils host-pkgconf host-xz host-zlib host-zstd
HOST_KMOD_DEVNAME_CONF_OPTS = --disable-tests --without-smartcols --without-libkmod \
	--without-selinux

# This runs for each image, because linux runs depmod when the target is finalized, after the hooks
# of all packages. A list that cannot be written fails the build; a finding about a module
# (status 1) does not.
define KMOD_DEVNAME_GENERATE
	if test -d $(TARGET_DIR)/lib/modules/$(LINUX_VERSION_PROBED); then \
		$(HOST_DIR)/bin/kmod-devname generate --source=auto \
			-b $(TARGET_DIR) $(LINUX_VERSION_PROBED) || test $$? -eq 1; \
	fi
endef
ifeq ($(BR2_LINUX_KERNEL),y)
KMOD_DEVNAME_ROOTFS_PRE_CMD_HOOKS += KMOD_DEVNAME_GENERATE
endif

$(eval $(autotools-package))
$(eval $(host-autotools-package))
