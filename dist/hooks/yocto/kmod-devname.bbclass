# SPDX-License-Identifier: GPL-2.0-or-later
#
# Class for image recipes, or for IMAGE_CLASSES in local.conf: writes modules.devname of the kernels
# of an image. It runs right before the image is made: depmod runs after the functions of
# ROOTFS_POSTPROCESS_COMMAND.

do_image[depends] += "kmod-devname-native:do_populate_sysroot"
IMAGE_PREPROCESS_COMMAND:append = " kmod_devname_generate;"

# A list that cannot be written fails the build; a finding about a module (status 1) does not.
kmod_devname_generate() {
	for directory in "${IMAGE_ROOTFS}${nonarch_base_libdir}"/modules/*; do
		[ -e "$directory/modules.dep" ] || continue
		kmod-devname generate --source=auto -b "${IMAGE_ROOTFS}" "${directory##*/}" ||
			[ $? -eq 1 ] || bbfatal "modules.devname could not be written"
	done
}
