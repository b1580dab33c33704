"""Say one sentence to a robot and it does it: imagine, project, imitate.

The core (everything outside ``nodes/``) never imports ROS. The generated messages live in a
second folder of the same package name in the colcon install space; ``extend_path`` joins the two,
so that the source tree and the installed tree both offer ``rlzero_ros.msg``.
"""

from pkgutil import extend_path

__path__ = extend_path(__path__, __name__)
__version__ = "0.1.0"
