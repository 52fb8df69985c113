# SPDX-License-Identifier: GPL-2.0-or-later
#
# Completion of kmod-devname(8) for fish.

# True if the command is one of these; with none, if there is no command yet.
function __kmod_devname_command
    set -l words (commandline -opc)
    if set -q argv[1]
        contains -- "$words[2]" $argv
    else
        test (count $words) -eq 1
    end
end

# The value that an option has been given, in any of the ways to write it.
function __kmod_devname_value --argument-names letter name
    set -l words (commandline -opc)
    set -l value
    for i in (seq (count $words))
        switch $words[$i]
            case "-$letter" "--$name"
                set value $words[(math $i + 1)]
            case "-$letter*"
                set value (string sub --start 3 -- $words[$i])
            case "--$name=*"
                set value (string replace --regex '^[^=]*=' '' -- $words[$i])
        end
    end
    string replace --regex '^~(?=/|$)' ~ -- $value
end

# What has been typed of the value that is being completed.
function __kmod_devname_typed
    commandline -ct | string replace --regex '^(--[a-z-]*=|-[a-zA-Z])' ''
end

# The kernels of the module directory that --basedir and --moduledir say.
function __kmod_devname_kernels
    if string match --quiet --regex '^(--all|--input|--input=.*)$' -- (commandline -opc)
        return
    end
    if commandline -ct | string match --quiet '*/*'
        if __kmod_devname_command diff check
            __fish_complete_path (commandline -ct)
        else
            __fish_complete_directories
        end
        return
    end
    set -l base (__kmod_devname_value b basedir)
    set -l moduledir (__kmod_devname_value m moduledir)
    if test -z "$moduledir"
        set moduledir lib/modules
        test -d "$base/$moduledir"; or set moduledir usr/lib/modules
    end
    for directory in "$base/$moduledir"/*/
        string replace --regex '.*/([^/]*)/$' '$1' -- $directory
    end
end

# Directories below the base directory, without it.
function __kmod_devname_moduledirs
    set -l base (__kmod_devname_value b basedir)
    set -l typed (__kmod_devname_typed)
    for directory in "$base/$typed"*/
        string sub --start (math 2 + (string length -- "$base")) -- $directory
    end
end

# The list of columns that has been typed, with one more.
function __kmod_devname_columns
    set -l list (__kmod_devname_typed)
    set -l before (string replace --regex '[^,]*$' '' -- "$list")
    printf '%s\n' "$before"{NAME,PATH,TYPE,MAJ:MIN,MAJOR,MINOR,MODULE,KERNEL}
end

# The list of codes that has been typed, with one more.
function __kmod_devname_codes
    set -l list (__kmod_devname_typed)
    set -l before (string replace --regex '[^,]*$' '' -- "$list")
    set -l codes malformed corrupt unsupported too-large dangling-link not-regular vanished \
        duplicate-module bad-order unreadable missing-number ambiguous dynamic-minor bad-name bad-number \
        bad-module-name too-many-aliases bad-line long-line cut-line bad-index stale-index \
        bad-rule unknown-owner bad-config name-conflict same-number shared-node taken-minor \
        built-in block-autoload not-loaded no-static-node out-of-date no-file wrong-node \
        obstructed nodev absent wrong-mode
    printf '%s\n' "$before"$codes
end

complete -c kmod-devname -f
complete -c kmod-devname -n __kmod_devname_command -s h -l help -d 'Print help'
complete -c kmod-devname -n __kmod_devname_command -l version -d 'Print the version'
complete -c kmod-devname -n __kmod_devname_command -a generate -d 'Write modules.devname'
complete -c kmod-devname -n __kmod_devname_command -a list -d 'Show nodes'
complete -c kmod-devname -n __kmod_devname_command -a static-nodes -d 'Print nodes in a format'
complete -c kmod-devname -n __kmod_devname_command -a create -d 'Make nodes'
complete -c kmod-devname -n __kmod_devname_command -a check -d 'Find what is wrong'
complete -c kmod-devname -n __kmod_devname_command -a diff -d 'Compare kernels'
complete -c kmod-devname -n __kmod_devname_command -a explain -d 'What opening a node comes to'

set -l all '__kmod_devname_command generate list static-nodes create check diff explain'
complete -c kmod-devname -n $all -a '(__kmod_devname_kernels)'
complete -c kmod-devname -n $all -s b -l basedir -x -a '(__fish_complete_directories)' -d 'Root directory'
complete -c kmod-devname -n $all -s m -l moduledir -x -a '(__kmod_devname_moduledirs)' -d 'Module directory below it'
complete -c kmod-devname -n $all -l all -d 'Every kernel'
complete -c kmod-devname -n $all -s v -l verbose -d 'Say what was done'
complete -c kmod-devname -n $all -s q -l quiet -d 'Print errors only'
complete -c kmod-devname -n $all -l strict -d 'Warnings count like errors'
complete -c kmod-devname -n $all -s h -l help -d 'Print help'

set -l generate '__kmod_devname_command generate'
complete -c kmod-devname -n $generate -s o -l outdir -x -a '(__fish_complete_directories)' -d 'Root directory for the file'
complete -c kmod-devname -n $generate -s n -l dry-run -d 'Print the text'
complete -c kmod-devname -n $generate -l output -r -F -d 'File to replace'
complete -c kmod-devname -n $generate -l pass-over -d 'Pass over directories without modules'
complete -c kmod-devname -n $generate -l source -x -a 'modules index auto' -d 'What to read'
complete -c kmod-devname -n $generate -l threads -x -d 'Threads that read modules'

complete -c kmod-devname -n $generate -s C -l config -r -F -d 'Instead of depmod.d'

set -l list '__kmod_devname_command list'
complete -c kmod-devname -n $list -s o -l columns -x -a '(__kmod_devname_columns)' -d 'Columns to show'
complete -c kmod-devname -n $list -s J -l json -d 'Print JSON'
complete -c kmod-devname -n $list -s r -l raw -d 'Do not align'
complete -c kmod-devname -n $list -l noheadings -d 'No names of columns'

set -l static '__kmod_devname_command static-nodes'
complete -c kmod-devname -n $static -s f -l format -x -a 'human tmpfiles devname mknod cpio device-table json' -d 'Format to print'
complete -c kmod-devname -n $static -s o -l output -r -F -d 'File to replace'
complete -c kmod-devname -n $static -l create-only -d 'Leave nodes that exist as they are'

set -l create '__kmod_devname_command create'
complete -c kmod-devname -n $create -l dev -x -a '(__fish_complete_directories)' -d 'Device directory'
complete -c kmod-devname -n $create -l mode -x -d 'Mode of nodes'
complete -c kmod-devname -n $create -l replace -d 'Replace wrong nodes'
complete -c kmod-devname -n $create -s n -l dry-run -d 'Show what would be done'

set -l diff '__kmod_devname_command diff'
complete -c kmod-devname -n $diff -s J -l json -d 'Print JSON'

set -l explain '__kmod_devname_command explain'
complete -c kmod-devname -n $explain -l dev -x -a '(__fish_complete_directories)' -d 'Device directory'
complete -c kmod-devname -n $explain -l user -x -a '(__fish_complete_users)' -d 'User to judge'
complete -c kmod-devname -n $explain -l udev-root -x -a '(__fish_complete_directories)' -d 'Root directory of udev rules'
complete -c kmod-devname -n $explain -s J -l json -d 'Print JSON'

set -l check '__kmod_devname_command check'
complete -c kmod-devname -n $check -s C -l config -r -F -d 'Instead of depmod.d'
complete -c kmod-devname -n $check -l dev -x -a '(__fish_complete_directories)' -d 'Device directory'
complete -c kmod-devname -n $check -l ignore -x -a '(__kmod_devname_codes)' -d 'Findings to pass over'
complete -c kmod-devname -n $check -s J -l json -d 'Print JSON'
complete -c kmod-devname -n $check -l list-codes -d 'Print all codes of findings'
complete -c kmod-devname -n $check -l udev-permissions -x -a '(__fish_complete_directories)' -d 'Root directory of udev rules'

set -l both '__kmod_devname_command static-nodes create'
complete -c kmod-devname -n $both -l input -r -F -d 'modules.devname to read'
complete -c kmod-devname -n $both -l udev-permissions -a '(__fish_complete_directories)' -d 'Modes of udev rules'
