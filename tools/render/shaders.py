"""The GLSL of people and of still scenes behind them."""

from materials import MATERIAL_ROWS, MAX_MATERIALS

__all__ = ["PERSON_FRAGMENT", "PERSON_VERTEX", "STAGE_FRAGMENT", "STAGE_VERTEX"]

PERSON_VERTEX = """
#version 330
in vec3 point; in vec3 normal;  // posed, world, metres
in vec3 rest; in vec2 uv; in vec2 limb; in float material;
uniform mat4 view_projection;
out vec3 world_normal; out vec3 world; out vec3 cloth; out vec2 texel; out vec2 limbs;
flat out int piece;
void main() {
    world = point; world_normal = normal; cloth = rest; texel = uv; limbs = limb;
    piece = int(material + .5);
    gl_Position = view_projection * vec4(point, 1);
}
"""

PERSON_FRAGMENT = f"""
#version 330
in vec3 world_normal; in vec3 world; in vec3 cloth; in vec2 texel; in vec2 limbs;
flat in int piece;
uniform sampler2DArray pictures; uniform sampler3D noise;
uniform vec4 materials[{MATERIAL_ROWS * MAX_MATERIALS}];
uniform vec3 eye; uniform vec3 sun_direction;
uniform vec3 sun; uniform vec3 sky; uniform vec3 ground;
uniform float identity; uniform sampler2D still_depth; uniform bool behind_things;
layout(location = 0) out vec4 colour; layout(location = 1) out float id;
vec4 grain(vec3 p) {{ vec4 n = texture(noise, p / 16.); return vec4(n.x, n.yzw * 2. - 1.); }}
float pattern(int kind, vec3 p, float scale, float chest, float arm) {{
    if (kind == 1) return step(.2, sin(p.y * scale * 3.14));
    if (kind == 2) return step(.3, sin(p.x * scale * 3.14));
    if (kind == 3) return .5 * (step(0., sin(p.y * scale * 2.)) + step(0., sin(p.x * scale * 2.)));
    if (kind == 4) {{
        vec2 g = vec2(p.x, p.y - chest) / (.3 + scale * .18);
        bool there = abs(g.x) < 1. && abs(g.y) < .8 && arm < 0. && (p.z > 0. || scale > 4.);
        return there ? step(.47, grain(vec3(g * 2.5 + 7., scale * 7.)).x) : 0.;
    }}
    if (kind == 5) return step(p.y, chest + scale * .3 - 1.5);
    if (kind == 6) {{ vec2 g = fract(p.xy * scale * .45) - .5; return step(dot(g, g), .06); }}
    if (kind == 7) return step(.5, grain(p * scale * .7).x);
    if (kind == 8) return step(.8, abs(sin(p.y * 1.7 + scale)));
    if (kind == 9) return arm >= 0. ? 1. : step(1.1, abs(p.x));
    return 0.;
}}
bool under_strap(int kind, vec3 p, float chest, float arm, float side) {{
    if (kind == 0 || arm >= 0. || p.y < chest - 5.) return false;
    if (kind == 1) return p.z > -.3 && abs(abs(p.x) - .95) < .2 && p.y > chest - 1.6;
    if (kind == 2) return abs((p.y - chest - 1.) - side * p.x * -1.35) < .38 && p.y > chest - 4.;
    return abs(p.x * side - 1.25) < .16 && p.y > chest - 1.;
}}
void main() {{
    if (behind_things) {{
        float nearest = texelFetch(still_depth, ivec2(gl_FragCoord.xy), 0).r;
        if (gl_FragCoord.z > nearest) discard;
    }}
    int m = piece * {MATERIAL_ROWS};
    vec4 m0 = materials[m], m1 = materials[m + 1], m2 = materials[m + 2], m3 = materials[m + 3];
    vec4 m4 = materials[m + 4], m5 = materials[m + 5], m6 = materials[m + 6], m7 = materials[m + 7];
    float arm = limbs.x, down = limbs.y;
    if (down < m4.x || down > m4.y || arm > m4.z) discard;
    if (m4.z < -.1 && arm >= 0.) discard;
    vec4 t = m0.x > .5 ? texture(pictures, vec3(texel, m0.x)) : vec4(1);
    if (t.a < m3.w) discard;
    bool upper = down < m0.w || arm >= 0. || m0.w > 8.;
    vec3 tint = upper ? m1.rgb : m2.rgb;
    int kind = int(m1.w + .5);
    if (upper && kind > 0) tint = mix(tint, m3.rgb, pattern(kind, cloth, m2.w, m5.z, arm));
    float flap = m5.y * (1. + .25 * (m5.z - cloth.y) / 5.);
    if (m5.y > 0. && cloth.z > 0. && arm < 0. && abs(cloth.x) < flap) {{
        tint = m6.rgb * (abs(cloth.x) > flap - .12 ? .45 : 1.);
    }}
    if (under_strap(int(m7.w + .5), cloth, m5.z, arm, m5.w)) tint = m7.rgb;
    float light = clamp(dot(t.rgb, vec3(.3, .59, .11)) / max(m0.z, .02), .25, 1.8);
    vec3 base = mix(t.rgb * (m0.y > 0. ? vec3(1) : tint), tint * light, m0.y);
    vec3 n = normalize(world_normal), v = normalize(eye - world);
    if (dot(n, v) < 0.) n = -n;
    if (m4.w > 0.) {{
        vec4 fold = grain(cloth * vec3(1.5, 2.4, 1.5));
        n = normalize(n + m4.w * .9 * fold.ywz);
        base *= .96 + .08 * grain(cloth * 7.).x;
    }}
    float shade = .62 + .38 * smoothstep(-.2, 1.2, world.z);
    if (arm < 0. && down > -.15) {{
        float crotch = smoothstep(.9, 0., abs(cloth.x)) * smoothstep(.6, 0., abs(down - .1));
        shade *= mix(1., .72, crotch);
    }}
    vec3 around = mix(ground, sky, n.z * .5 + .5);
    vec3 lit = base * (sun * max(dot(n, sun_direction), 0.) + around) * shade;
    float rim = 1. - max(dot(n, v), 0.);
    lit += base * .12 * rim * rim * rim;
    if (m5.x > 0.) lit += m5.x * pow(max(dot(reflect(-sun_direction, n), v), 0.), 20.);
    colour = vec4(lit, 1); id = identity;
}}
"""

STAGE_VERTEX = """
#version 330
in vec3 point; in vec3 normal; in vec2 metres; in vec3 tint; in float surface;
uniform mat4 view_projection;
out vec3 world_normal; out vec3 world; out vec2 at; out vec3 colour_in; flat out int kind;
void main() {
    world = point; world_normal = normal; at = metres; colour_in = tint;
    kind = int(surface + .5);
    gl_Position = view_projection * vec4(point, 1);
}
"""

# Surfaces, in the order of stage.SURFACES.
STAGE_FRAGMENT = """
#version 330
in vec3 world_normal; in vec3 world; in vec2 at; in vec3 colour_in; flat in int kind;
uniform sampler3D noise; uniform float grime;
uniform vec3 sun_direction; uniform vec3 sun; uniform vec3 sky; uniform vec3 ground;
layout(location = 0) out vec4 colour; layout(location = 1) out float id;
float grain(vec3 p) { return texture(noise, p / 16.).x; }
float cell(vec2 p) { return grain(vec3(floor(p) * 5.3, 2.5)); }
float joint(vec2 p, float width) {
    vec2 f = fract(p); vec2 d = min(f, 1. - f);
    return smoothstep(0., width, min(d.x, d.y));
}
void main() {
    vec3 c = colour_in;
    if (kind == 1) c *= (.85 + .3 * cell(at * 1.7)) * (.7 + .3 * joint(at * 1.7, .03));
    if (kind == 2) {
        vec2 p = vec2(at.x * 6., at.y * .8 + 3. * grain(vec3(floor(at.x * 6.) * 3.7, 1., 2.)));
        c *= .75 + .5 * cell(p * 1.3);
        c *= .85 + .3 * grain(vec3(at.x * 60., at.y * 4., 0.));
    }
    if (kind == 3) c *= .8 + .4 * grain(vec3(at * 30., 1.)) * (.6 + .8 * grain(vec3(at * .4, 3.)));
    if (kind == 4) c *= .5 + grain(vec3(at * 12., 1.)) * (.5 + grain(vec3(at * 1.1, 5.)));
    if (kind == 5) {
        vec2 p = at * vec2(4., 12.); p.x += .5 * mod(floor(p.y), 2.);
        c *= (.75 + .5 * cell(p)) * (.7 + .3 * joint(p, .1));
    }
    if (kind == 6) {
        vec2 f = fract(at * vec2(.5, .36)); vec2 n = floor(at * vec2(.5, .36));
        bool glass = f.x > .25 && f.x < .75 && f.y > .3 && f.y < .8;
        c = glass ? vec3(.1, .13, .16) + .45 * cell(n + 3.) : c * (.9 + .2 * grain(vec3(at, 2.)));
    }
    if (kind == 7) c = mix(c, vec3(cell(at * 7.), cell(at * 7. + 9.), cell(at * 7. + 17.)), .6);
    c *= 1. + grime * (grain(vec3(at * .9, 7.)) + .5 * grain(vec3(at * 3.1, 4.)) - .75);
    vec3 n = normalize(world_normal);
    vec3 light = sun * max(dot(n, sun_direction), 0.) + mix(ground, sky, n.z * .5 + .5);
    if (abs(n.z) < .5) light *= 1. - .3 * exp(-world.z * 2.5);
    if (kind == 8) {
        vec2 g = abs(fract(world.xy * .45) - .5); light = vec3(max(g.x, 2. * g.y) < .18 ? 1.7 : .9);
    }
    colour = vec4(c * light, 1); id = 0.;
}
"""
