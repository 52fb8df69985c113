#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What configure makes of the hooks: the switches that install them, and the options that the
# recipes of image builders call it with.

# shellcheck source=testsuite/lib/tap.sh
. "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/testsuite/lib/tap.sh"

HOOKS=dist/hooks

copy_sources() {
	[ ! -d copy ] || return 0
	mkdir copy
	tar -C "$top_srcdir" --exclude=./.git --exclude=./build -cf - . | tar -C copy -xf -
	chmod -R u+w copy
}

# --- image builders --------------------------------------------------------------------------

make_buildroot() { # CONFIGURATION
	cat > buildroot.mk <<-END
	$1
	KMOD_DEVNAME_PKGDIR = $top_srcdir/$HOOKS/buildroot/
	include $top_srcdir/$HOOKS/buildroot/kmod-devname.mk
	value:; @echo \$(\$(NAME))
	END
}

# What pkg-config finds where there are these packages, as Buildroot and Yocto call them.
make_packages() { # PACKAGE...
	rm -rf packages
	mkdir packages
	for package; do
		package=${package#host-}
		case $package in
		elfutils) package=libelf ;;
		kmod-devname | pkgconf) continue ;;
		kmod) package=libkmod ;;
		libselinux | zlib) ;;
		util-linux) package=smartcols ;;
		xz) package=liblzma ;;
		zstd) package=libzstd ;;
		*) fail "nothing is known of the package $package" ;;
		esac
		printf '%s\n' "Name: $package" 'Description: -' 'Version: 99' > "packages/$package.pc"
	done
}

# Can what there is be configured where there is nothing but "packages"?
configures() { # ARGUMENT...
	copy_sources
	(cd copy && PKG_CONFIG_PATH='' PKG_CONFIG_LIBDIR=$OLDPWD/packages ./configure -C --quiet \
		CC="$CC" "$@") > configure.log 2>&1
}

values_of() { # VARIABLE
	make -f buildroot.mk -s value NAME="$1"
}

test_buildroot_configures_with_the_packages_it_names() {
	for packages in '' 'BR2_PACKAGE_KMOD = y' 'BR2_PACKAGE_LIBSELINUX = y'; do
		make_buildroot "$packages"
		# shellcheck disable=SC2046 # words
		make_packages $(values_of KMOD_DEVNAME_DEPENDENCIES)
		# shellcheck disable=SC2046
		configures $(values_of KMOD_DEVNAME_CONF_OPTS) || fail "$packages: $(cat configure.log)"
	done
	# shellcheck disable=SC2046
	make_packages $(values_of HOST_KMOD_DEVNAME_DEPENDENCIES)
	# shellcheck disable=SC2046
	configures $(values_of HOST_KMOD_DEVNAME_CONF_OPTS) || fail "host: $(cat configure.log)"
	# that it would be seen
	rm packages/libzstd.pc
	# shellcheck disable=SC2046
	! configures $(values_of HOST_KMOD_DEVNAME_CONF_OPTS) || fail "does without libzstd"
}

# The recipe's features: NAME, the option for with, that for without, the package.
yocto_features() {
	sed -n 's/^PACKAGECONFIG\[\([a-z]*\)\] = "\([^,]*\),\([^,]*\),\([^"]*\)"$/\1 \2 \3 \4/p' "$recipe"
}

test_yocto_configures_with_the_packages_it_names() {
	recipe=$top_srcdir/$HOOKS/yocto/kmod-devname.bb
	[ "$(yocto_features | wc -l)" -ge 6 ] || fail "the features were not found"
	usual=$(sed -n 's/^PACKAGECONFIG ??= "\(.*\)"$/\1/p' "$recipe")
	for features in "$usual" '' "$(yocto_features | cut -d ' ' -f 1)"; do
		packages=$(sed -n 's/^DEPENDS = "\(.*\)"$/\1/p' "$recipe")
		options=$(sed -n 's/^EXTRA_OECONF = "\(.*\)"$/\1/p' "$recipe")
		yocto_features > list
		while read -r name with without package; do
			# shellcheck disable=SC2086 # words
			if printf '%s\n' $features | grep -qx "$name"; then
				packages="$packages $package" options="$options $with"
			else
				options="$options $without"
			fi
		done < list
		# shellcheck disable=SC2086
		make_packages $packages
		# shellcheck disable=SC2086
		configures $options || fail "$features: $(cat configure.log)"
	done
}

# --- what is installed -----------------------------------------------------------------------

# The sources configured in a directory of their own, so that it matters neither where they
# are configured already nor how. The optional libraries have nothing to do with it.
installed() { # ARGUMENT...
	copy_sources
	(cd copy && ./configure -C --quiet --prefix=/usr --sysconfdir=/etc --disable-tests \
		--without-zlib --without-xz --without-zstd --without-smartcols \
		--without-libkmod --without-selinux CC="$CC" \
		"$@") > configure.log 2>&1 || fail "configure $*: $(tail -n 20 configure.log)"
	rm -rf image
	make -C copy install-data install-pkglibexecSCRIPTS DESTDIR="$PWD/image" > make.log 2>&1 ||
		fail "make install-data: $(tail -n 20 make.log)"
	(cd image && find . -type f \( -name '*kmod-devname*' -o -name refresh \) \
		! -path './usr/share/doc/*' ! -path './usr/share/man/*' ! -path './usr/include/*' \
		! -path '*completion*' ! -path '*/site-functions/*' \
		! -path './usr/lib/pkgconfig/*' -printf '%m %P\n') | sort
}

test_switches_install_the_hooks() {
	installed > files
	same files <<-'END'
	755 usr/libexec/kmod-devname/refresh
	END
	installed --with-kernel-install --with-kernel-postinst --with-pacman-hooks > files
	same files <<-'END'
	644 usr/share/libalpm/hooks/61-kmod-devname.hook
	644 usr/share/libalpm/hooks/75-kmod-devname.hook
	755 etc/kernel/postinst.d/kmod-devname
	755 usr/lib/kernel/install.d/51-kmod-devname.install
	755 usr/libexec/kmod-devname/refresh
	END
	installed --libexecdir=/usr/lib --with-kernel-install=/made/install.d \
		--with-kernel-postinst=/made/postinst.d --with-pacman-hooks=/made/hooks > files
	same files <<-'END'
	644 made/hooks/61-kmod-devname.hook
	644 made/hooks/75-kmod-devname.hook
	755 made/install.d/51-kmod-devname.install
	755 made/postinst.d/kmod-devname
	755 usr/lib/kmod-devname/refresh
	END
	for file in made/hooks/61-kmod-devname.hook made/hooks/75-kmod-devname.hook \
		made/install.d/51-kmod-devname.install made/postinst.d/kmod-devname; do
		grep -q '[ =]/usr/lib/kmod-devname/refresh' "image/$file" || fail "$file: $(cat "image/$file")"
	done
	grep -q '/usr/bin/kmod-devname' image/usr/lib/kmod-devname/refresh
}

# The static tool is the one that is built in no time.
test_module_directory_is_where_configure_says() {
	make_packages
	status 1 configures --enable-static-tool=only --with-module-directory
	configures --enable-static-tool=only --with-module-directory=/run/current/modules CFLAGS=-O0 ||
		fail "$(cat configure.log)"
	make -C copy > make.log 2>&1 || fail "$(tail -n 20 make.log)"
	mkdir -p root/run/current/modules/6.1.0 root/lib/modules/6.2.0
	echo 'fuse fuse c10:229' > root/run/current/modules/6.1.0/modules.devname
	copy/kmod-devname.static static-nodes -f devname -b root --all > out
	echo 'fuse fuse c10:229' | same out
	copy/kmod-devname.static list --help | tr -s '\n ' ' ' | grep -qF '(default: run/current/modules)'
}

run_tests "$@"
