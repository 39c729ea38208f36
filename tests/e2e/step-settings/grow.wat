;; Ends with 3 if it cannot have 16 MiB more.
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (if (i32.eq (memory.grow (i32.const 256)) (i32.const -1)) (then (call $exit (i32.const 3))))))
