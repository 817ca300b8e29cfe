"""Kernels of other libraries on points, as the benchmark `point-kernels` asks for them.

    point_kernels_peer.py FILE THREADS

FILE holds x, y and z of each point as doubles. Prints "ready"; then, for each line with the name of a kernel, how many
seconds it took, or "absent" where its library is not installed. Ends with its standard input.
"""

import os
import sys
import time

THREADS = int(sys.argv[2])
# Some of these libraries take every core that they are given, whatever they are told.
os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:THREADS])
os.environ["OMP_NUM_THREADS"] = str(THREADS)

import numpy as np
import pgeof
import small_gicp
from scipy.spatial import Delaunay, cKDTree

try:
    import open3d
except (ImportError, OSError):
    open3d = None

xyz = np.fromfile(sys.argv[1]).reshape(-1, 3)
xyz -= xyz.min(0)
cloud = small_gicp.PointCloud(xyz)
lattice = np.unique(np.round(xyz[:, :2] * 1000), axis=0)
kept = {}


def tree():
    if "tree" not in kept:
        kept["tree"] = small_gicp.KdTree(cloud, num_threads=THREADS)
    return kept["tree"]


def features():
    indices, _ = pgeof.knn_search(xyz.astype(np.float32), xyz.astype(np.float32), 20)
    starts = np.arange(0, indices.size + 1, 20, dtype=np.uint32)
    pgeof.compute_features(xyz.astype(np.float32), indices.flatten().astype(np.uint32), starts, 3, False)


KERNELS = {
    "voxel-grid": lambda: small_gicp.voxelgrid_sampling(cloud, 0.5, num_threads=THREADS),
    "tree": lambda: small_gicp.KdTree(cloud, num_threads=THREADS),
    "nearest": lambda: tree().batch_knn_search(xyz, 20, num_threads=THREADS),
    "nearest-scipy": lambda: cKDTree(xyz).query(xyz, 20, workers=THREADS),
    "features": features,
    "triangulation": lambda: Delaunay(lattice),
}

if open3d:
    whole = open3d.geometry.PointCloud(open3d.utility.Vector3dVector(xyz))
    thin = whole.voxel_down_sample(1.0)
    KERNELS |= {
        "normals": lambda: whole.estimate_normals(open3d.geometry.KDTreeSearchParamKNN(20)),
        "statistical-outliers": lambda: whole.remove_statistical_outlier(20, 2.0),
        "radius-outliers": lambda: whole.remove_radius_outlier(10, 1.0),
        "clusters": lambda: thin.cluster_dbscan(2.0, 10),
        "plane": lambda: whole.segment_plane(0.2, 3, 1000, 1.0),
    }
else:
    KERNELS["normals"] = lambda: small_gicp.estimate_normals_covariances(cloud, num_neighbors=20, num_threads=THREADS)

tree()
print("ready", flush=True)
for line in sys.stdin:
    kernel = KERNELS.get(line.strip())
    if kernel is None:
        print("absent", flush=True)
        continue
    start = time.perf_counter()
    kernel()
    print(time.perf_counter() - start, flush=True)
