#include "cairo_painter.h"

#include <cairo.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>

#include "ollama_bench/render/heatmap_scene.h"
#include "ollama_bench/render/picture.h"
#include "support/sample_maps.h"
#include "support/scene_checks.h"

namespace ollama_bench {
namespace {

/// A PNG file's pixels, as cairo reads them back.
class Pixels {
 public:
  explicit Pixels(std::string png) : png_(std::move(png)) {
    surface_.reset(cairo_image_surface_create_from_png_stream(ReadBytes, this));
    EXPECT_EQ(cairo_surface_status(surface_.get()), CAIRO_STATUS_SUCCESS);
  }
  [[nodiscard]] int width() const { return cairo_image_surface_get_width(surface_.get()); }
  [[nodiscard]] int height() const { return cairo_image_surface_get_height(surface_.get()); }
  [[nodiscard]] Color At(double x, double y) const {
    const unsigned char* data = cairo_image_surface_get_data(surface_.get());
    const auto stride = cairo_image_surface_get_stride(surface_.get());
    std::uint32_t pixel = 0;
    std::memcpy(&pixel,
                data + std::ptrdiff_t{static_cast<int>(y)} * stride + static_cast<int>(x) * 4,
                sizeof pixel);
    return Rgb(pixel & 0xFFFFFFU);
  }

 private:
  static cairo_status_t ReadBytes(void* self, unsigned char* out, unsigned int size) {
    auto* pixels = static_cast<Pixels*>(self);
    if (pixels->png_.size() - pixels->taken_ < size) return CAIRO_STATUS_READ_ERROR;
    std::memcpy(out, pixels->png_.data() + pixels->taken_, size);
    pixels->taken_ += size;
    return CAIRO_STATUS_SUCCESS;
  }
  struct Deleter {
    void operator()(cairo_surface_t* surface) const { cairo_surface_destroy(surface); }
  };
  std::string png_;
  std::size_t taken_ = 0;
  std::unique_ptr<cairo_surface_t, Deleter> surface_;
};

Scene LayOut(const SweepMap& map) {
  const auto font = Font::Load();
  SweepCaption caption;
  caption.model = "qwen3:4b";
  return LayOutHeatmap(Only(map), caption, {}, *font);
}

Box CellBox(const Scene& scene, const std::string& part_of_title) {
  for (const RectangleShape& cell : CellsOf(scene)) {
    if (cell.title.find(part_of_title) != std::string::npos) return cell.box;
  }
  ADD_FAILURE() << "no cell " << part_of_title;
  return {};
}

TEST(PngTest, HasTwoPixelsPerUnitOfTheScene) {
  const Scene scene = LayOut(MakeMap(47, 17, true));
  for (const Theme theme : {Theme::kLight, Theme::kDark}) {
    const auto png = RenderPng(scene, theme);
    ASSERT_TRUE(png);
    EXPECT_EQ(png->substr(0, 8), "\x89PNG\r\n\x1a\n");
    const Pixels pixels(*png);
    EXPECT_EQ(pixels.width(), 2 * scene.width);
    EXPECT_EQ(pixels.height(), 2 * scene.height);
    EXPECT_EQ(pixels.At(0, 0), kPaperInk.In(theme));
    EXPECT_EQ(pixels.At(2 * scene.width - 1, 2 * scene.height - 1), kPaperInk.In(theme));
  }
}

TEST(PngTest, ShowsEachCellInItsColorWhereverThePictureIsCutIntoBands) {
  SweepMap map = MapOfCells(2, 60, std::vector<MapCell>(120, MeasuredCell(10)));
  map.recommended.clear();
  const Scene scene = LayOut(map);
  const Pixels pixels(*RenderPng(scene, Theme::kDark));
  for (const RectangleShape& cell : CellsOf(scene)) {
    for (double y = cell.box.y + 3; y < cell.box.bottom() - 3; ++y) {
      EXPECT_EQ(pixels.At(2 * (cell.box.x + 8), 2 * y), cell.fill->dark) << cell.title << y;
    }
  }
}

TEST(PngTest, ShowsTheFrameOfTheRecommendedCellAndTheHatchOfAnArea) {
  const Scene scene =
      LayOut(MapOfCells(3, 2,
                        {MeasuredCell(10), MeasuredCell(15), FailedCell(FailureKind::kOutOfMemory),
                         MeasuredCell(20), FailedCell(FailureKind::kTimeout), MeasuredCell(12)}));
  const Pixels pixels(*RenderPng(scene, Theme::kLight));
  const Box lowest = CellBox(scene, ": 10.00 ");
  EXPECT_EQ(pixels.At(2 * lowest.x + 8, 2 * lowest.y + 8), CellsOf(scene)[0].fill->light);
  const Box best = CellBox(scene, ": 20.00 ");
  EXPECT_EQ(pixels.At(2 * best.x + 4, 2 * best.y + best.height), Rgb(0x0B5CAD));
  const Box area = CellBox(scene, "CUDA OOM");
  int lines = 0;
  int between = 0;
  for (double x = 2 * area.x + 2; x < 2 * area.right() - 2; ++x) {
    const Color color = pixels.At(x, 2 * area.y + area.height);
    (color == Rgb(0xFBEDEA) ? between : lines) += 1;
  }
  EXPECT_GT(between, 20);
  EXPECT_GT(lines, 10);
}

TEST(PngTest, DrawsTextWithinTheBoundsThatWereLaidOut) {
  const auto font = Font::Load();
  for (const Anchor anchor : {Anchor::kStart, Anchor::kMiddle, Anchor::kEnd}) {
    TextShape text;
    text.text = "Ågjy_|2048";
    text.size = 20;
    text.anchor = anchor;
    text.position = {130, 100};
    text.width = font->Width(text.text, text.size);
    Scene scene{300, 200, "", {text}};
    const Pixels pixels(*RenderPng(scene, Theme::kLight));
    const Box bounds = BoundsOf(text, *font);
    double first = 300;
    double last = 0;
    for (int y = 0; y < 200; ++y) {
      for (int x = 0; x < 300; ++x) {
        if (pixels.At(2 * x, 2 * y) == Rgb(0xFFFFFF)) continue;
        EXPECT_TRUE(Contains({bounds.x - 1, bounds.y - 1, bounds.width + 2, bounds.height + 2},
                             {static_cast<double>(x), static_cast<double>(y), 1, 1}))
            << x << ", " << y;
        first = std::min(first, static_cast<double>(x));
        last = std::max(last, static_cast<double>(x));
      }
    }
    EXPECT_NEAR(last - first, text.width, 4) << "drawn as long as it was measured";
  }
}

TEST(PngTest, DrawsTheLargestTable) {
  for (const bool wide : {true, false}) {
    const SweepMap map = wide ? MakeMap(100'000, 1) : MakeMap(1, 100'000);
    const auto png = RenderPng(LayOut(map), Theme::kLight);
    ASSERT_TRUE(png);
    EXPECT_GT(Pixels(*png).width(), 100);
  }
}

TEST(PngTest, SaysWhenThePictureIsTooLarge) {
  const auto png = RenderPng(Scene{1e6, 1e6, "", {}}, Theme::kLight);
  ASSERT_FALSE(png);
  EXPECT_NE(png.error(), "");
}

TEST(PdfTest, IsAPdfOfOnePageWithTheFontInIt) {
  const auto pdf = RenderPdf(LayOut(MakeMap(5, 4, true)), Theme::kDark);
  ASSERT_TRUE(pdf);
  EXPECT_EQ(pdf->substr(0, 5), "%PDF-");
  EXPECT_NE(pdf->find("%%EOF"), std::string::npos);
  EXPECT_NE(pdf->find("/Count 1\n"), std::string::npos);
  EXPECT_NE(pdf->find("+DejaVuSans"), std::string::npos);
}

TEST(PictureTest, IsChosenByTheFileName) {
  EXPECT_EQ(PictureFormatFromExtension(".png"), PictureFormat::kPng);
  EXPECT_EQ(PictureFormatFromExtension(".SVG"), PictureFormat::kSvg);
  EXPECT_EQ(PictureFormatFromExtension(".Pdf"), PictureFormat::kPdf);
  EXPECT_EQ(PictureFormatFromExtension(".gif"), std::nullopt);
  EXPECT_EQ(PictureFormatFromExtension(""), std::nullopt);
  const Scene scene = LayOut(MakeMap(2, 2));
  EXPECT_EQ(RenderPicture(scene, PictureFormat::kPng)->substr(1, 3), "PNG");
  EXPECT_EQ(RenderPicture(scene, PictureFormat::kPdf)->substr(1, 3), "PDF");
  EXPECT_EQ(RenderPicture(scene, PictureFormat::kSvg)->substr(0, 5), "<?xml");
}

}  // namespace
}  // namespace ollama_bench
