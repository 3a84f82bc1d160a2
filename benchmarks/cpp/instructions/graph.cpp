// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <vector>

#include "counted.hpp"
#include "drawing.hpp"
#include "gftcore/graph/adjacency.hpp"
#include "gftcore/graph/extract.hpp"
#include "gftcore/graph/faces.hpp"
#include "gftcore/morphology/anchors.hpp"
#include "gftcore/morphology/label.hpp"
#include "gftcore/morphology/thinning.hpp"
#include "gftcore/vessel/trace.hpp"

int main() {
  using namespace gftcore;
  using namespace gftcore::instructions;
  const BitImage bits = vessel_bits();
  const std::vector<index_t> anchors = border_anchors(bits);
  BitImage skeleton;
  ThinScratch thin_scratch;
  thin(bits, SkeletonMethod::fast, anchors, {}, skeleton, thin_scratch);
  SkeletonGraph graph;
  TraceScratch trace_scratch;
  trace(skeleton, anchors, graph, trace_scratch);
  BitImage voids;
  complement(bits, voids);
  Labelling areas;
  label_runs(voids, Connectivity::eight, areas);

  Faces faces;
  count("find_faces", [&] { find_faces(graph, faces); });
  std::vector<label_t> region_of_face;
  count("match_faces", [&] { match_faces(faces, areas, region_of_face); });
  Adjacency adjacency;
  count("planar_adjacency", [&] { planar_adjacency(graph, faces, region_of_face, adjacency); });

  const std::vector<std::uint8_t> mask = draw_vessels();
  ExtractInput input;
  input.mask = view(mask);
  Workspace workspace;
  count("extract", [&] { extract(input, {}, workspace); });
}
