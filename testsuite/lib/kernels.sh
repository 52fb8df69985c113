# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# The kernels that fetch-kernels has unpacked, as they are and with their modules compressed, and a
# newer kmod. To be sourced after tap.sh.

: "${top_builddir:?}" "${DEPMOD:?}"

# How modules are compressed: "quick", which is enough to see what is found, or "shipped", as by
# the kernel's own Makefile, which is what decompression must be measured on, or in "blocks", as
# xz since 5.6 does with more than 3 MiB.
: "${PACKING:=quick}"

KERNELS=${KMOD_DEVNAME_KERNELS:-${XDG_CACHE_HOME:-$HOME/.cache}/kmod-devname/kernels}

NEWER_KMOD=${KMOD_DEVNAME_KMOD:-${XDG_CACHE_HOME:-$HOME/.cache}/kmod-devname/kmod}

# The programs of kmod 34, which fetch-kmod has unpacked, come first.
use_newer_kmod() {
	[ -x "$NEWER_KMOD/bin/depmod" ] ||
		skip "no kmod in $NEWER_KMOD; get it with testsuite/lib/fetch-kmod '$NEWER_KMOD'"
	PATH=$NEWER_KMOD/bin:$PATH
	DEPMOD=$NEWER_KMOD/bin/depmod
}

# Why there is no such kernel, or nothing if there is.
kernel_missing() { # NAME
	[ -n "$(kernel_version "$1")" ] ||
		echo "no kernel in $KERNELS/$1; get it with testsuite/lib/fetch-kernels '$KERNELS'"
}

kernel_version() { # NAME
	for kernel_path in "$KERNELS/$1"/lib/modules/*/kernel; do
		[ -d "$kernel_path" ] || continue
		kernel_path=${kernel_path%/kernel}
		echo "${kernel_path##*/}"
		return
	done
}

# Why modules of this kind cannot be had or read, or nothing if they can.
format_missing() { # plain|gz|xz|zst
	case $1 in
	gz) format_library=ZLIB format_tool=gzip ;;
	xz) format_library=XZ format_tool=xz ;;
	zst) format_library=ZSTD format_tool=zstd ;;
	*) return ;;
	esac
	grep -q "^#define WITH_$format_library 1" "$top_builddir/config.h" ||
		echo "this build cannot read .$1"
	command -v "$format_tool" >/dev/null || echo "$format_tool is not installed"
}

# Can depmod read modules of this kind? Its version says "-ZLIB" if not.
depmod_reads() { # plain|gz|xz|zst [DEPMOD]
	case $1 in
	gz) depmod_word=-ZLIB ;;
	xz) depmod_word=-XZ ;;
	zst) depmod_word=-ZSTD ;;
	*) return 0 ;;
	esac
	! "${2:-$DEPMOD}" -V | grep -q -- "$depmod_word"
}

# A copy with hard links where that is allowed.
copy_tree() { # FROM TO
	mkdir -p "${2%/*}"
	cp -al "$1" "$2" 2>/dev/null && return
	rm -rf "$2"
	cp -a "$1" "$2"
}

# Those that this process may use.
cpus() {
	nproc 2>/dev/null || getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1
}

# The compressors unlink the file and never write into it, so that hard links stay apart.
compress_modules() { # DIRECTORY gz|xz|zst
	case $PACKING-$2 in
	quick-gz) set -- "$1" gzip -1 -n -f ;;
	quick-xz) set -- "$1" xz --check=crc32 -0 -f ;;
	quick-zst) set -- "$1" zstd -1 -q -f --rm ;;
	blocks-xz) set -- "$1" xz --check=crc32 --block-size=1MiB -0 -f ;;
	shipped-gz) set -- "$1" gzip -n -f ;;
	shipped-xz) set -- "$1" xz --check=crc32 --lzma2=dict=1MiB -f ;;
	shipped-zst) set -- "$1" zstd -q -f --rm ;;
	esac
	compress_in=$1
	shift
	find "$compress_in" -type f -name '*.ko' -print0 | xargs -0 -P "$(cpus)" -n 32 "$@"
}

make_format() { # FROM TO VERSION FORMAT
	format_new=$2.new.$$
	rm -rf "$format_new"
	copy_tree "$1/lib/modules/$3" "$format_new/lib/modules/$3" &&
		compress_modules "$format_new" "$4" || return
	# of another version, or made by somebody else meanwhile
	rm -rf "$2"
	mv -T "$format_new" "$2" || rm -rf "$format_new"
}

# Prints a directory with lib/modules/VERSION in it. What had to be made is kept beside the
# kernels if they are ours, else in the current directory.
kernel_tree() { # NAME FORMAT
	tree_version=$(kernel_version "$1")
	tree_path=$KERNELS/$1
	if [ "$2" != plain ]; then
		tree_name=$1-$2
		[ "$PACKING" = quick ] || tree_name=$tree_name-$PACKING
		[ -w "$KERNELS" ] && tree_path=$KERNELS/$tree_name || tree_path=$PWD/$tree_name
		[ -d "$tree_path/lib/modules/$tree_version" ] ||
			make_format "$KERNELS/$1" "$tree_path" "$tree_version" "$2" >&2 || return
	fi
	echo "$tree_path"
}
