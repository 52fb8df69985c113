# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# Files of Debian packages of any architecture, without installing anything and without changing
# the package lists or the architectures of this system: apt works on lists of its own,
# and does not look at what is installed, which may be newer than what can be downloaded.

APT_KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

# SITE SUITE COMPONENT SIGNED-BY of each list of this system that is one of Debian.
apt_sources() {
	# shellcheck disable=SC2016 # for apt
	apt-get indextargets --format '$(ORIGIN) $(SITE) $(RELEASE) $(COMPONENT) $(SIGNED_BY)' \
		'Created-By: Packages' | sed -n 's/^Debian //p' | sort -u
}

# The mirror of the release of this system, as a line of these.
apt_mirror() {
	# shellcheck source=/dev/null
	apt_release=$(. /etc/os-release && echo "$VERSION_CODENAME")
	apt_sources | awk -v release="$apt_release" '$2 == release && $3 == "main" { print; exit }' |
		grep . || { echo "${0##*/}: apt has no list of Debian's $apt_release" >&2; return 1; }
}

# apt_begin DIRECTORY [SUITE]: keeps the lists there, and those of a suite of Debian beside them.
# Returns 77, after a message, if the mirror has no such suite.
apt_begin() {
	apt_dir=$1/apt${2:+-$2}
	mkdir -p "$apt_dir/lists/partial" "$apt_dir/archives/partial"
	# Its own for each run: others may be at work on the same lists.
	APT_CONFIG=$(mktemp "$apt_dir/conf.XXXXXX")
	apt_configs="${apt_configs:-} $APT_CONFIG"
	# shellcheck disable=SC2086 # a list of words
	trap 'rm -f $apt_configs' EXIT
	cat > "$APT_CONFIG" <<-END
	Dir::State::Lists "$apt_dir/lists";
	Dir::State::status "/dev/null";
	Dir::Cache "$apt_dir";
	APT::Architecture "$(dpkg --print-architecture)";
	APT::Architectures { "amd64"; "arm64"; "armhf"; "i386"; "s390x"; };
	APT::Sandbox::User "root";
	END
	if [ -n "${2:-}" ]; then
		apt_site=$(apt_mirror) || return
		apt_site=${apt_site%% *}
		echo "deb [signed-by=$APT_KEYRING] $apt_site $2 main" > "$apt_dir/sources.list"
		cat >> "$APT_CONFIG" <<-END
		Dir::Etc::sourcelist "$apt_dir/sources.list";
		Dir::Etc::sourceparts "-";
		END
	fi
	export APT_CONFIG
	# A mirror that is just being updated may fail in part; what counts is what can be downloaded.
	apt-get update -q > "$apt_dir/update.log" 2>&1 && return
	if [ -n "${2:-}" ] && grep -q " $2 Release' does not have" "$apt_dir/update.log"; then
		echo "${0##*/}: $apt_site has no suite $2" >&2
		return 77
	fi
	echo "${0##*/}: package lists incomplete" >&2
}

# download DIRECTORY PACKAGE[:ARCHITECTURE]...: all in one run of apt, which takes its time to
# begin.
download() {
	mkdir -p "$1"
	(cd "$1" && shift && apt-get download -q "$@" >/dev/null)
}

# unpack DOWNLOADS PACKAGE DIRECTORY PATTERN...: what matches one of the patterns, each of which
# must match something.
unpack() {
	unpack_tar=$1/$2.tar
	dpkg-deb --fsys-tarfile "$1/$2"_*.deb > "$unpack_tar" || return
	mkdir -p "$3"
	unpack_to=$3
	shift 3
	tar -x -f "$unpack_tar" -C "$unpack_to" --no-same-owner --wildcards "$@" &&
		rm "$unpack_tar"
}
