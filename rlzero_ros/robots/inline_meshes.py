"""Meshes and pictures of an MJCF file, made part of its text."""

from __future__ import annotations

import mujoco
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull, QhullError

from ..errors import RobotError


def inline_files(document: mujoco.MjSpec) -> list[str]:
    """Put the convex hull of every mesh into the document, and drop pictures and skins.

    MuJoCo lets hulls collide in any case; the robot only looks plainer. Returns what was changed.
    Raises RobotError where a file is missing or damaged, or is a height field.
    """
    if any(field.file for field in document.hfields):
        raise RobotError("the model needs a file for its height field; use a plane as the floor")
    changes = []
    if document.skins:
        for skin in list(document.skins):
            document.delete(skin)
        changes.append("dropped the skins")
    if any(mesh.file for mesh in document.meshes):
        _inline_meshes(document)
        changes.append("replaced meshes by their convex hulls")
    if any(texture.file or any(texture.cubefiles) for texture in document.textures):
        _drop_pictures(document)
        changes.append("dropped pictures on surfaces")
    return changes


def _inline_meshes(document: mujoco.MjSpec) -> None:
    try:
        model = document.compile()
    except ValueError as error:
        reason = " ".join(str(error).split())
        raise RobotError(f"MuJoCo cannot compile the model: {reason}") from error
    hulls = {}
    for mesh in list(document.meshes):
        if not mesh.file:
            continue
        found = model.mesh(mesh.id)
        first, n = int(found.vertadr[0]), int(found.vertnum[0])
        # MuJoCo moves vertices into the frame of the mesh's inertia; geoms follow by themselves.
        vertices = _rotated(model.mesh_vert[first : first + n], model.mesh_quat[found.id])
        hull = _hull(vertices + model.mesh_pos[found.id], found.name)
        hulls[found.name] = f"{found.name}_hull"
        document.add_mesh(name=hulls[found.name], uservert=hull.ravel().tolist())
    for geom in document.geoms:
        geom.meshname = hulls.get(geom.meshname, geom.meshname)
    for mesh in [mesh for mesh in document.meshes if mesh.file]:
        document.delete(mesh)
    _keep_inertia(document, model)


def _keep_inertia(document: mujoco.MjSpec, model: mujoco.MjModel) -> None:
    """A hull is larger than what it holds: bodies keep the mass that their meshes gave them."""
    for body in document.bodies:
        if not any(geom.type == mujoco.mjtGeom.mjGEOM_MESH for geom in body.geoms):
            continue
        if body.id == 0:
            continue
        body.explicitinertial = True
        body.mass, body.inertia = model.body_mass[body.id], model.body_inertia[body.id]
        body.ipos, body.iquat = model.body_ipos[body.id], model.body_iquat[body.id]


def _hull(vertices: NDArray[np.floating], name: str) -> NDArray[np.float64]:
    try:
        corners = ConvexHull(vertices).vertices
    except QhullError as error:
        raise RobotError(f"mesh {name!r} is flat or empty; leave it out") from error
    return np.asarray(vertices[corners], dtype=np.float64).round(6)


def _rotated(vertices: NDArray[np.floating], quat: NDArray[np.floating]) -> NDArray[np.float64]:
    matrix = np.zeros(9)
    mujoco.mju_quat2Mat(matrix, np.asarray(quat, dtype=np.float64))
    return vertices @ matrix.reshape(3, 3).T


def _drop_pictures(document: mujoco.MjSpec) -> None:
    for material in document.materials:
        material.textures = [""] * len(material.textures)
    for texture in list(document.textures):
        if texture.file or any(texture.cubefiles):
            document.delete(texture)
