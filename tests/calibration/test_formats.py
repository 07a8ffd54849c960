"""Readers: the same camera written in each format comes back; hostile files don't get in."""

import cv2
import numpy as np
import pytest

from calibration.camera import Camera
from calibration.formats import (
    multiviewx_positions,
    read_matrix,
    read_multiviewx,
    read_opencv,
    read_tsai,
    read_wildtrack,
    wildtrack_positions,
)
from configs.errors import InputError

SIZE = (1920, 1080)
K = np.array([[1400.0, 0, 950], [0, 1390, 530], [0, 0, 1]])
DISTORTION = np.array([-0.2, 0.03, 0.001, -0.0005, 0.002])
RVEC = np.array([2.0, 0.3, -0.2])
R = cv2.Rodrigues(RVEC)[0]
T = -R @ [2.0, -3.0, 4.0]
POINTS = np.array([[2.0, 1.0], [3.0, 3.0], [0.5, 6.0], [4.0, 2.0]])


def same(camera, expected):
    got, valid = camera.ground2image(POINTS)
    np.testing.assert_allclose(got, expected.ground2image(POINTS)[0], rtol=1e-9)
    assert valid.all()


def truth(distortion=DISTORTION):
    return Camera.from_intrinsics(K, distortion, R, T, SIZE)


@pytest.mark.parametrize("suffix", [".yml", ".xml", ".json"])
def test_files_written_by_opencv(tmp_path, suffix):
    path = tmp_path / f"camera{suffix}"
    storage = cv2.FileStorage(str(path), cv2.FILE_STORAGE_WRITE)
    storage.write("image_width", SIZE[0])
    storage.write("image_height", SIZE[1])
    storage.write("camera_matrix", K)
    storage.write("distortion_coefficients", DISTORTION)
    storage.write("rvec" if suffix == ".yml" else "R", RVEC if suffix == ".yml" else R)
    storage.write("tvec", T * 100)
    storage.release()
    same(read_opencv(path, metres_per_unit=0.01), truth())


MATRIX = """<{0} type_id="opencv-matrix"><rows>{1}</rows><cols>{2}</cols><dt>d</dt>
<data>
  {3}</data></{0}>"""


def xml(*elements):
    return '<?xml version="1.0"?>\n<opencv_storage>\n' + "\n".join(elements) + "\n</opencv_storage>"


def matrix(name, values):
    values = np.atleast_2d(values)
    return MATRIX.format(name, *values.shape, " ".join(map(repr, values.ravel().tolist())))


def write_wildtrack(folder, intrinsics, extrinsic):
    (folder / intrinsics).mkdir(parents=True)
    (folder / "extrinsic").mkdir()
    (folder / intrinsics / "intr_C1.xml").write_text(
        xml(matrix("camera_matrix", K), matrix("distortion_coefficients", DISTORTION))
    )
    (folder / "extrinsic" / "extr_C1.xml").write_text(extrinsic)


def test_wildtrack(tmp_path):
    rvec, tvec = (" ".join(map(repr, v.tolist())) for v in (RVEC, T * 100))
    write_wildtrack(
        tmp_path, "intrinsic_zero", xml(f"<rvec>\n {rvec} </rvec>", f"<tvec> {tvec} </tvec>")
    )
    cameras = read_wildtrack(tmp_path)
    assert list(cameras) == ["C1"]
    same(cameras["C1"], truth())
    got = wildtrack_positions([0, 1, 480])
    np.testing.assert_allclose(got, [[-3, -9], [-2.975, -9], [-3, -8.975]])
    assert wildtrack_positions([]).shape == (0, 2)


def test_multiviewx_is_mirrored_back(tmp_path):
    # The file's world has y the other way and everything behind the camera.
    R_file, t_file = -R @ np.diag([1.0, -1, 1]), -T
    rvec = cv2.Rodrigues(R_file)[0]
    write_wildtrack(tmp_path, "intrinsic", xml(matrix("rvec", rvec), matrix("tvec", t_file)))
    same(read_multiviewx(tmp_path)["C1"], truth())
    got = multiviewx_positions([0, 1, 1000])
    np.testing.assert_allclose(got, [[0, 0], [0.025, 0], [0, -0.025]])
    assert multiviewx_positions([]).shape == (0, 2)


TSAI = """<?xml version="1.0" encoding="UTF-8"?>
<Camera name="View_001">
  <Geometry width="768" height="576" ncx="7.95e+02" nfx="7.52e+02" dx="4.85e-03" dy="4.65e-03"
    dpx="0.005" dpy="0.004"/>
  <Intrinsic focal="5.0" kappa1="0.01" cx="320" cy="280" sx="1.1"/>
  <Extrinsic tx="1000" ty="-500" tz="30000" rx="1.9" ry="0.4" rz="-0.3"/>
</Camera>
"""


def test_tsai_by_the_papers_equations(tmp_path):
    path = tmp_path / "view.xml"
    path.write_text(TSAI)
    camera = read_tsai(path)
    assert camera.image_size == (768, 576)
    pixel = np.array([400.0, 500.0])
    # From pixels to the sensor in mm, undistorted, to a ray; where it meets z = 0, in mm.
    x, y = (pixel - [320, 280]) * [0.005 / 1.1, 0.004]
    ideal = np.array([x, y]) * (1 + 0.01 * (x * x + y * y))
    ca, sa, cb, sb, cg, sg = (f(a) for a in (1.9, 0.4, -0.3) for f in (np.cos, np.sin))
    rotation = np.array(
        [
            [cb * cg, cg * sa * sb - ca * sg, sa * sg + ca * cg * sb],
            [cb * sg, sa * sb * sg + ca * cg, ca * sb * sg - cg * sa],
            [-sb, cb * sa, ca * cb],
        ]
    )
    t = np.array([1000.0, -500, 30000])
    ray, centre = rotation.T @ [*ideal, 5.0], -rotation.T @ t
    expected = (centre - ray * centre[2] / ray[2])[:2] / 1000
    point, valid = camera.image2ground([pixel])
    assert valid.all()
    np.testing.assert_allclose(point[0], expected, rtol=1e-12)
    np.testing.assert_allclose(camera.position, centre / 1000)


@pytest.mark.parametrize("separator", [" ", ", ", "\t"])
def test_bare_matrices(tmp_path, separator):
    P = K @ np.column_stack([R, T])
    for M, unit, name in ((P, 1.0, "P"), (P[:, [0, 1, 3]], 0.01, "H")):
        in_unit = M / np.array([1 / unit] * (M.shape[1] - 1) + [1])
        rows = [separator.join(map(repr, row)) for row in in_unit.tolist()]
        path = tmp_path / f"{name}.txt"
        path.write_text("# a comment\n" + "\n".join(rows) + "\n\n")
        same(read_matrix(path, image_size=SIZE, metres_per_unit=unit), truth(()))


BOMB = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><opencv_storage>&b;</opencv_storage>'
SHORT = "%YAML:1.0\n---\nimage_width: 5\nimage_height: 5\n"


def read_text_matrix(path):
    return read_matrix(path, image_size=SIZE)


@pytest.mark.parametrize(
    ("read", "name", "text", "reason"),
    [
        (read_opencv, "a.xml", BOMB, "DOCTYPE"),
        (read_tsai, "a.xml", BOMB, "DOCTYPE"),
        (read_tsai, "a.xml", "<Camera>", "not valid XML"),
        (read_tsai, "a.xml", "<Camera/>", "no element Geometry"),
        (read_tsai, "a.xml", TSAI.replace('focal="5.0"', ""), "focal is missing"),
        (read_tsai, "a.xml", TSAI.replace('focal="5.0"', 'focal="f"'), "could not convert"),
        (read_tsai, "a.xml", TSAI.replace('dpx="0.005"', 'dpx="0"'), "division"),
        (read_tsai, "a.xml", TSAI.replace('tx="1000"', 'tx="nan"'), "finite"),
        (read_opencv, "a.yml", SHORT, "none of camera_matrix"),
        (read_opencv, "a.yml", "camera_matrix: 5\n", "no image_width"),
        (read_opencv, "a.yml", "a: [", "not valid YAML"),
        (read_opencv, "a.yml", "!!python/object/apply:os.system [x]", "not valid YAML"),
        (read_opencv, "a.yml", "a: {rows: 2, cols: 2, data: [1]}", "2x2 holds 1"),
        (read_opencv, "a.yml", "K: x", "K doesn't hold numbers"),
        (read_opencv, "a.yml", "5", "expected named values"),
        (
            read_opencv,
            "a.xml",
            xml("<a><rows>x</rows><cols>1</cols><data>1</data></a>"),
            "xx1 holds 1",
        ),
        (read_text_matrix, "a.txt", "", "shape"),
        (read_text_matrix, "a.txt", "1 2\n3 4\n", r"shape \(2, 2\)"),
        (read_text_matrix, "a.txt", "1 2\n3\n", "inhomogeneous"),
        (read_text_matrix, "a.txt", "1 2 x\n", "could not convert"),
        (read_text_matrix, "a.txt", "1 1 1\n" * 3, "singular"),
        (lambda path: read_wildtrack(path.parent), "a.txt", "", "no extrinsic"),
    ],
)
def test_malformed_files_are_refused_in_one_line(tmp_path, read, name, text, reason):
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(InputError, match=reason) as caught:
        read(path)
    assert "\n" not in str(caught.value)


def test_missing_and_binary_files(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read_opencv(tmp_path / "a.yml")
    (tmp_path / "b.yml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="not a text file"):
        read_opencv(tmp_path / "b.yml")
