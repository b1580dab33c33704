# Activates everything that `make setup` made. Use: source env.sh (bash or zsh)
#
# Where ROS 2 is sourced, its overlay and a virtual environment beside it; elsewhere, the virtual
# environment that holds ROS 2 itself.

RLZERO_ROOT="$(cd "$(dirname "${BASH_SOURCE[0]:-$0}")" && pwd)"
. "$RLZERO_ROOT/scripts/environment.sh"

rlzero_activate() {
  local shell=bash
  rlzero_choose_environment || return 1
  if [ ! -f "$RLZERO_VENV/bin/activate" ] || [ ! -f "$RLZERO_ROOT/install/local_setup.bash" ]; then
    echo "rlzero: not set up yet: run \`make setup\` in $RLZERO_ROOT" >&2
    return 1
  fi
  [ -n "${ZSH_VERSION:-}" ] && shell=zsh
  . "$RLZERO_VENV/bin/activate" || return 1
  if [ "$RLZERO_MODE" = wheels ]; then
    export AMENT_PREFIX_PATH="$RLZERO_VENV"
    # Nobody else's robot hears us, and no killed neighbour can hold a lock that we wait for.
    if [ -z "${ROS_AUTOMATIC_DISCOVERY_RANGE:-}${FASTRTPS_DEFAULT_PROFILES_FILE:-}" ]; then
      export FASTRTPS_DEFAULT_PROFILES_FILE="$RLZERO_ROOT/config/fastdds_loopback.xml"
      export ROS_AUTOMATIC_DISCOVERY_RANGE=SYSTEM_DEFAULT
    fi
  fi
  . "$RLZERO_ROOT/install/local_setup.$shell" || return 1
  if [ -z "${MUJOCO_GL:-}" ]; then
    # MuJoCo's own default needs a screen.
    if /sbin/ldconfig -p | grep -q "libEGL\.so"; then
      export MUJOCO_GL=egl
    elif /sbin/ldconfig -p | grep -q "libOSMesa\.so"; then
      export MUJOCO_GL=osmesa
    fi
  fi
}

rlzero_activate
