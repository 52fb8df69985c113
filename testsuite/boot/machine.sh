# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# The machines that kernels boot on: emulated without help of the host's processor, so that the
# test is the same everywhere.

# Debian's name of the architecture of a kernel.
machine_arch() { # KERNEL
	echo "${1#cloud-}"
}

# What its compiler is called after.
machine_gnu_type() { # ARCH
	case $1 in
	amd64) echo x86_64-linux-gnu ;;
	arm64) echo aarch64-linux-gnu ;;
	s390x) echo s390x-linux-gnu ;;
	esac
}

# The static tool, built where runtests builds it.
machine_tool() { # ARCH
	case $1 in
	"$(dpkg --print-architecture)") echo "${top_builddir:?}/../static/kmod-devname.static" ;;
	*) echo "$top_builddir/../static-$1/kmod-devname.static" ;;
	esac
}

machine_qemu() { # ARCH
	case $1 in
	amd64) echo qemu-system-x86_64 ;;
	arm64) echo qemu-system-aarch64 ;;
	s390x) echo qemu-system-s390x ;;
	esac
}

# machine_boot ARCH KERNEL INITRAMFS PARAMETER...: runs until the guest powers off; what it
# prints goes to standard output. Emulating the pointer authentication of arm64's cpu "max"
# would take three times as long as all the rest.
machine_boot() {
	case $1 in
	amd64) machine='q35 -cpu max' console=ttyS0 ;;
	arm64) machine='virt -cpu cortex-a57' console=ttyAMA0 ;;
	s390x) machine='s390-ccw-virtio -cpu max' console=ttysclp0 ;;
	esac
	machine_program=$(machine_qemu "$1") machine_kernel=$2 machine_initramfs=$3
	shift 3
	# shellcheck disable=SC2086 # two arguments
	timeout -k 10 "$BOOT_TIMEOUT" "$machine_program" -accel tcg -machine $machine -m 512 \
		-nographic -nic none -no-reboot \
		-kernel "$machine_kernel" -initrd "$machine_initramfs" \
		-append "console=$console quiet panic=-1 $*" </dev/null
}

# machine_boot_disk KERNEL INITRAMFS DISK CONSOLE RESULTS: runs until the guest powers off; what the
# guest prints on its serial ports goes to the files CONSOLE and RESULTS. Its clock
# counts instructions, so that nothing times out on a busy machine.
machine_boot_disk() {
	timeout -k 10 "$BOOT_TIMEOUT" qemu-system-x86_64 -icount shift=2 -machine q35 -cpu max \
		-m 512 -display none -nic none -no-reboot -serial "file:$4" -serial "file:$5" \
		-drive "file=$3,format=raw,if=virtio" -kernel "$1" -initrd "$2" \
		-append "console=ttyS0 quiet panic=-1 root=/dev/vda rw fsck.mode=skip" </dev/null
}
