/* CPython's command with a function that prepares its state for `greenroom image initialize`.
 *
 * After the initialisation `main` runs the usual way: CPython finds itself initialised, and only takes
 * over the arguments. What belongs to a start and not to the program is taken anew: the environment,
 * and what is known about directories. Hash seeds are fixed, as they would be kept anyway. */
#include <Python.h>

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include <wasi/libc-environ.h>

#include "frozen.h"

static int initialising;
static int initialised;

/* Which directories there are is known at a start only, and wasi-libc asks for them once. So there are
 * no files until then; the linker leads these calls here (`--wrap`). */
#define NO_FILES                                                                                             \
    if (initialising) {                                                                                      \
        errno = ENOENT;                                                                                      \
        return -1;                                                                                           \
    }
#define WRAP(type, name, parameters, arguments)                                                              \
    type __real_##name parameters;                                                                           \
    type __wrap_##name parameters {                                                                          \
        NO_FILES return __real_##name arguments;                                                             \
    }

WRAP(int, stat, (const char *path, struct stat *status), (path, status))
WRAP(int, lstat, (const char *path, struct stat *status), (path, status))
WRAP(int, fstatat, (int at, const char *path, struct stat *status, int flags), (at, path, status, flags))
WRAP(int, access, (const char *path, int mode), (path, mode))
WRAP(ssize_t, readlink, (const char *path, char *buffer, size_t size), (path, buffer, size))

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...) {
    NO_FILES return __real_open(path, flags);
}

int __real_openat(int at, const char *path, int flags, ...);
int __wrap_openat(int at, const char *path, int flags, ...) {
    NO_FILES return __real_openat(at, path, flags);
}

extern void __wasm_call_ctors(void);

__attribute__((export_name("wizer-initialize"))) void initialize(void) {
    initialising = 1;
    __wasm_call_ctors();
    PyImport_FrozenModules = frozen;
    PyConfig config;
    PyConfig_InitPythonConfig(&config);
    config.install_signal_handlers = 0;
    config.write_bytecode = 0;
    config.use_hash_seed = 1;
    config.hash_seed = 0;
    config.pathconfig_warnings = 0;
    PyConfig_SetString(&config, &config.program_name, L"python");
    PyConfig_SetString(&config, &config.executable, L"/usr/local/bin/python");
    PyConfig_SetString(&config, &config.home, L"/usr/local");
    PyStatus status = Py_InitializeFromConfig(&config);
    if (PyStatus_Exception(status)) {
        fprintf(stderr, "%s: %s\n", status.func ? status.func : "python", status.err_msg);
        __builtin_trap();
    }
    /* A variable of the initialisation is none of a start. */
    __wasilibc_deinitialize_environ();
    initialising = 0;
    initialised = 1;
}

/* Makes `os.environ` and the finders of modules those of this start. */
static int resume(void) {
    PyObject *os = PyImport_ImportModule("os");
    PyObject *environment = os ? PyObject_GetAttrString(os, "environ") : NULL;
    PyObject *cleared = environment ? PyObject_CallMethod(environment, "clear", NULL) : NULL;
    int failed = cleared == NULL;
    for (char **item = __wasilibc_get_environ(); !failed && *item != NULL; item++) {
        const char *equals = strchr(*item, '=');
        if (equals == NULL) {
            continue;
        }
        PyObject *name = PyUnicode_DecodeFSDefaultAndSize(*item, equals - *item);
        PyObject *value = PyUnicode_DecodeFSDefault(equals + 1);
        failed = name == NULL || value == NULL || PyObject_SetItem(environment, name, value) != 0;
        Py_XDECREF(name);
        Py_XDECREF(value);
    }
    Py_XDECREF(cleared);
    Py_XDECREF(environment);
    Py_XDECREF(os);
    return failed || PyRun_SimpleString("import sys; sys.path_importer_cache.clear()") != 0;
}

int main(int argc, char **argv) {
    PyImport_FrozenModules = frozen;
    if (initialised && resume() != 0) {
        PyErr_Print();
        return 1;
    }
    return Py_BytesMain(argc, argv);
}
