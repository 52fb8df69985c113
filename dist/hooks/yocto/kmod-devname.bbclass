# SPDX-License-Identifier: GPL-2.0-or-later
#
# For image recipes to inherit, or for IMAGE_CLASSES in local.conf: writes modules.devname of the
# kernels of an image. This is right before the image is made and not after the packages are
# installed (ROOTFS_POSTPROCESS_COMMAND), because depmod runs between the two.

do_image[depends] += "kmod-devname-native:do_populate_sysroot"
IMAGE_PREPROCESS_COMMAND:append = " kmod_devname_generate;"

# A list that cannot be written fails the build; what is wrong with a module (status 1) is said.
kmod_devname_generate() {
	for directory in "${IMAGE_ROOTFS}${nonarch_base_libdir}"/modules/*; do
		[ -e "$directory/modules.dep" ] || continue
		kmod-devname generate --source=auto -b "${IMAGE_ROOTFS}" "${directory##*/}" ||
			[ $? -eq 1 ] || bbfatal "modules.devname could not be written"
	done
}
