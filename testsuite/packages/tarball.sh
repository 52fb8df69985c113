# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# What the tests of the packages share: the tarball that they are made of, in the directory
# $area, which lasts as long as the script. To be sourced after tap.sh.

: "${top_srcdir:?}" "${top_builddir:?}" "${PACKAGE_VERSION:?}"

release=kmod-devname-$PACKAGE_VERSION
area=$(mktemp -d "${TMPDIR:-/tmp}/kmod-devname-test.XXXXXX") || exit 1
trap 'rm -rf "$area"' EXIT
# others than root build there
chmod 755 "$area"

# One at a time: make dist works in the directory of the build.
tarball() {
	[ ! -e "$area/$release.tar.xz" ] || return 0
	# shellcheck disable=SC2016 # for the shell inside
	flock "$top_builddir/config.status" sh -euc '
		make -C "$1" dist > "$3/dist.log" 2>&1 || { tail -n 20 "$3/dist.log"; exit 1; }
		cp "$1/$2.tar.xz" "$3"' sh "$top_builddir" "$release" "$area" || fail "no tarball"
}

# What the settings of the machine and of this build are is no matter for a package.
forget_settings() {
	unset DEB_BUILD_OPTIONS DEB_BUILD_PROFILES CC CFLAGS CPPFLAGS CXXFLAGS LDFLAGS
}

# as_user COMMAND...: packages are built by users; root becomes nobody, who must have been given
# the files.
as_user() {
	if [ "$(id -u)" -eq 0 ]; then
		HOME=/nonexistent setpriv --reuid nobody --regid nogroup --clear-groups "$@"
	else
		"$@"
	fi
}

give_to_user() { # FILE...
	[ "$(id -u)" -ne 0 ] || chown -R nobody:nogroup "$@"
}

# version_is TEXT: that of a package must be that of configure.ac.
version_is() {
	[ "$1" = "$PACKAGE_VERSION" ] || fail "version $1, not $PACKAGE_VERSION"
}
