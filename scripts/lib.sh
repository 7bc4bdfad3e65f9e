# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# shellcheck shell=bash
#
# What the scripts share; sourced. Sets `root`, the top of the repository.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# need_packages GROUP...: installs the packages of scripts/packages for these groups that are not
# installed yet. Asks no questions as root; otherwise sudo may ask for a password.
need_packages() {
    local name group missing=() installed
    installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' 2>/dev/null |
        sed -n 's/^installed //p')
    while read -r name group _; do
        [[ -n $name && $name != \#* && " $* " == *" $group "* ]] || continue
        grep -qxF -- "$name" <<<"$installed" || missing+=("$name")
    done <"$root/scripts/packages"
    [[ ${#missing[@]} -ne 0 ]] || return 0

    local log as_root=(env DEBIAN_FRONTEND=noninteractive)
    [[ $(id -u) -eq 0 ]] || as_root=(sudo "${as_root[@]}")
    echo "installing ${missing[*]}" >&2
    log=$(mktemp)
    if ! "${as_root[@]}" apt-get install -y --no-install-recommends "${missing[@]}" \
        </dev/null >"$log" 2>&1; then
        # The package lists may be missing or old.
        if ! "${as_root[@]}" apt-get update </dev/null >>"$log" 2>&1 ||
            ! "${as_root[@]}" apt-get install -y --no-install-recommends "${missing[@]}" \
                </dev/null >>"$log" 2>&1; then
            cat "$log" >&2
            rm -f "$log"
            echo "these packages can't be installed: ${missing[*]}" >&2
            return 1
        fi
    fi
    rm -f "$log"
}

# build_preset PRESET [TARGET]...: configures and builds, all or the targets; prints the log when
# that fails, otherwise nothing.
build_preset() {
    local preset=$1 log
    shift
    log=$(mktemp)
    if ! (cd "$root" && cmake --preset "$preset" && cmake --build --preset "$preset" \
        -j "$(nproc)" ${1+--target "$@"}) >"$log" 2>&1; then
        cat "$log" >&2
        rm -f "$log"
        echo "preset $preset does not build" >&2
        return 1
    fi
    rm -f "$log"
}
