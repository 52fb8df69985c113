# SPDX-License-Identifier: GPL-2.0-or-later
SUMMARY = "Device nodes that load kernel modules"
DESCRIPTION = "Library and tool for modules.devname, the list of the device nodes whose first \
use loads a kernel module"
HOMEPAGE = "https://kmod-devname.example/"
LICENSE = "LGPL-2.1-or-later & GPL-2.0-or-later"
LIC_FILES_CHKSUM = "file://COPYING;md5=22725325c62099d843c7576ff177bb14"

PV = "0.2.0"
# The tarball lies in the directory files/ beside this recipe.
SRC_URI = "file://${BP}.tar.xz"

DEPENDS = "elfutils"

inherit autotools bash-completion pkgconfig

PACKAGECONFIG ??= "xz zlib zstd"
PACKAGECONFIG[libkmod] = "--with-libkmod,--without-libkmod,kmod"
PACKAGECONFIG[selinux] = "--with-selinux,--without-selinux,libselinux"
PACKAGECONFIG[smartcols] = "--with-smartcols,--without-smartcols,util-linux"
PACKAGECONFIG[xz] = "--with-xz,--without-xz,xz"
PACKAGECONFIG[zlib] = "--with-zlib,--without-zlib,zlib"
PACKAGECONFIG[zstd] = "--with-zstd,--without-zstd,zstd"
# No package has the directories of other shells.
EXTRA_OECONF = "--disable-tests --without-fishcompletiondir --without-zshcompletiondir"

BBCLASSEXTEND = "native nativesdk"
