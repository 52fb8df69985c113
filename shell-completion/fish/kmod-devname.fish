# SPDX-License-Identifier: GPL-2.0-or-later
#
# Completion of kmod-devname(8) for fish. The commands, options and values come from the program, by
# --list-options, when this file is loaded.

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
    set -l words (commandline -opc | string replace --regex '^--root(?==|$)' -- --basedir)
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
    if string match --quiet --regex '^(-a|--all|--input|--input=.*)$' -- (commandline -opc)
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

# The list that has been typed, with one word more; a plus sign may be before it.
function __kmod_devname_list
    set -l list (__kmod_devname_typed)
    set -l before (string match --regex '^\+?(?:.*,)?' -- "$list")
    printf '%s\n' "$before"$argv
end

# The names in modules.devname, for the first operand of explain.
function __kmod_devname_nodes
    set -l base (__kmod_devname_value b basedir)
    set -l moduledir (__kmod_devname_value m moduledir)
    set -l options
    test -z "$base"; or set -a options -b $base
    test -z "$moduledir"; or set -a options -m $moduledir
    command kmod-devname list -n -r -o NAME $options 2>/dev/null
end

# What completes the value of an option, for complete(1).
function __kmod_devname_action --argument-names option value values
    switch $option:$value
        case '--moduledir:*'
            printf '%s\n' -x -a '(__kmod_devname_moduledirs)'
        case '*:DIR' '*ROOT*'
            printf '%s\n' -x -a '(__fish_complete_directories)'
        case '*:FILE' '*:PATH'
            printf '%s\n' -r -F
        case '*:LIST'
            printf '%s\n' -x -a "(__kmod_devname_list $values)"
        case '*:[[]*'
            # the value is not the next word
            printf '%s\n' -a "$values"
        case '*:-'
        case '*'
            printf '%s\n' -x -a "$values"
    end
end

function __kmod_devname_complete_options --argument-names condition
    while read --local --delimiter \t letter name value values help
        string match --quiet -- '--*' $name; or continue
        set -l arguments -l (string sub --start 3 -- $name)
        test $letter = -; or set -a arguments -s (string sub --start 2 -- $letter)
        test $values != -; or set values ''
        set -a arguments (__kmod_devname_action $name $value $values)
        complete -c kmod-devname -n $condition -d $help $arguments
    end
end

complete -c kmod-devname -f
command kmod-devname --list-options 2>/dev/null | __kmod_devname_complete_options __kmod_devname_command
for line in (command kmod-devname --list-options 2>/dev/null | string match --invert -- '-*')
    set -l command (string split \t -- $line)
    complete -c kmod-devname -n '__kmod_devname_command; or __kmod_devname_command help' -a $command[1] -d $command[2]
    complete -c kmod-devname -n "__kmod_devname_command $command[1]" -a '(__kmod_devname_kernels)'
    command kmod-devname $command[1] --list-options 2>/dev/null |
        __kmod_devname_complete_options "__kmod_devname_command $command[1]"
end
complete -c kmod-devname -n '__kmod_devname_command explain' -a '(__kmod_devname_nodes)'
