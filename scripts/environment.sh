# Sourced by env.sh and scripts/setup.sh (bash or zsh), with RLZERO_ROOT set: which environment this
# machine uses. Sets RLZERO_MODE (`ros`: ROS 2 is sourced, `wheels`: it comes from Python wheels),
# RLZERO_VENV and RLZERO_PYTHON (the interpreter that makes the virtual environment).

# Prints the interpreter behind $1, which may be a shim or belong to another virtual environment,
# if the Python line $2 succeeds in it.
rlzero_base_python() {
  "$1" -c "
import sys
$2
print(getattr(sys, '_base_executable', sys.executable))" 2> /dev/null
}

rlzero_choose_environment() {
  local candidate
  RLZERO_PYTHON=""
  if [ -n "${ROS_DISTRO:-}" ]; then
    RLZERO_MODE=ros
    RLZERO_VENV="$RLZERO_ROOT/.venv-$ROS_DISTRO"
    for candidate in python3 /usr/bin/python3; do
      RLZERO_PYTHON="$(rlzero_base_python "$candidate" "import rclpy")" && return 0
    done
    echo "rlzero: ROS 2 $ROS_DISTRO is sourced, but python3 cannot import rclpy." >&2
    echo "  Install it (sudo apt install ros-$ROS_DISTRO-rclpy), or use a shell without ROS 2." >&2
    return 1
  fi
  RLZERO_MODE=wheels
  RLZERO_VENV="$RLZERO_ROOT/.venv"
  for candidate in ${PYTHON:+"$PYTHON"} python3 python3.12 python3.11 python3.13 python3.10 python3.14; do
    RLZERO_PYTHON="$(rlzero_base_python "$candidate" \
      "(3, 10) <= sys.version_info[:2] <= (3, 14) or sys.exit(1)")" && return 0
  done
  echo "rlzero: no Python 3.10 to 3.14 found: sudo apt install python3 python3-venv python3-dev" >&2
  return 1
}
