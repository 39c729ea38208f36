// Summarises a report in JUnit's format. Zig and WASI, without any library of greenroom's. Built by
//   zig build-exe -target wasm32-wasi -lc -OReleaseSmall -fstrip junit.zig   (Zig 0.13)
const std = @import("std");

const Summary = struct { tests: u32 = 0, failed: u32 = 0, skipped: u32 = 0 };

pub fn main() !u8 {
    var arena = std.heap.ArenaAllocator.init(std.heap.page_allocator);
    const allocator = arena.allocator();
    const args = try std.process.argsAlloc(allocator);
    const stderr = std.io.getStdErr().writer();
    if (args.len != 3) {
        try stderr.writeAll("usage: junit FILE OUTPUT_FILE\n");
        return 2;
    }
    const text = std.fs.cwd().readFileAlloc(allocator, args[1], 64 << 20) catch |err| {
        try stderr.print("{s}: {s}\n", .{ args[1], @errorName(err) });
        return 1;
    };
    const annotations = std.process.getEnvVarOwned(allocator, "GREENROOM_ANNOTATIONS") catch null;
    const summary = try read(allocator, text, args[1], annotations);
    try append(allocator, args[2], try std.fmt.allocPrint(
        allocator,
        "{{\"name\":\"tests\",\"value\":{}}}\n{{\"name\":\"failed\",\"value\":{}}}\n{{\"name\":\"skipped\",\"value\":{}}}\n",
        .{ summary.tests, summary.failed, summary.skipped },
    ));
    try std.io.getStdOut().writer().print("{} tests, {} failed, {} skipped\n", .{ summary.tests, summary.failed, summary.skipped });
    return 0;
}

// The elements of a report come one after the other; what counts is which are inside of a test.
fn read(allocator: std.mem.Allocator, text: []const u8, file: []const u8, annotations: ?[]const u8) !Summary {
    var summary = Summary{};
    var case: []const u8 = "";
    var counted = false;
    var line: u32 = 1;
    var at: usize = 0;
    while (at < text.len) : (at += 1) {
        if (text[at] == '\n') line += 1;
        if (text[at] != '<') continue;
        const rest = text[at + 1 ..];
        const end = std.mem.indexOfScalar(u8, rest, '>') orelse break;
        const tag = rest[0..end];
        if (is(tag, "testcase")) {
            summary.tests += 1;
            case = attribute(tag, "name") orelse "a test without a name";
            counted = false;
        } else if (is(tag, "skipped")) {
            summary.skipped += 1;
        } else if ((is(tag, "failure") or is(tag, "error")) and !counted) {
            summary.failed += 1;
            counted = true;
            if (annotations) |path| try annotate(allocator, path, file, line, case, attribute(tag, "message") orelse "it failed");
        }
    }
    return summary;
}

fn is(tag: []const u8, name: []const u8) bool {
    if (!std.mem.startsWith(u8, tag, name)) return false;
    return tag.len == name.len or std.mem.indexOfScalar(u8, " \t\r\n/", tag[name.len]) != null;
}

fn attribute(tag: []const u8, name: []const u8) ?[]const u8 {
    var from: usize = 0;
    while (std.mem.indexOfPos(u8, tag, from, name)) |at| : (from = at + 1) {
        const after = at + name.len;
        if (at == 0 or tag[at - 1] != ' ' or after + 1 >= tag.len or tag[after] != '=') continue;
        const start = after + 2;
        const end = std.mem.indexOfScalarPos(u8, tag, start, tag[after + 1]) orelse return null;
        return tag[start..end];
    }
    return null;
}

fn annotate(allocator: std.mem.Allocator, path: []const u8, file: []const u8, line: u32, case: []const u8, message: []const u8) !void {
    const annotation = .{ .level = "error", .title = case, .message = message, .file = file, .line = line };
    const json = try std.json.stringifyAlloc(allocator, annotation, .{});
    try append(allocator, path, try std.fmt.allocPrint(allocator, "{s}\n", .{json}));
}

// Zig's own files are relative to the working directory; those of a step are elsewhere, where the C
// library of WASI finds them.
fn append(allocator: std.mem.Allocator, path: []const u8, text: []const u8) !void {
    const file = std.c.fopen(try allocator.dupeZ(u8, path), "a") orelse return error.CannotOpen;
    const written = std.c.fwrite(text.ptr, 1, text.len, file);
    if (std.c.fclose(file) != 0 or written != text.len) return error.CannotWrite;
}
