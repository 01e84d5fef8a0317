;; What the tests call, and what they do all. Memory: 0 to 511 for results; then "hello\n", paths.
(module
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $args_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get" (func $clock_time_get (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_close" (func $fd_close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_unlink_file"
    (func $path_unlink_file (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 512) "hello\n")
  (data (i32.const 600) "file\00\00\00\00/etc../x")
  ;; Ends the program with an error, if there is one.
  (func $must (param i32)
    (if (local.get 0) (then (call $proc_exit (local.get 0)))))
  (func $write (param i32)
    (i32.store (i32.const 16) (i32.const 512))
    (i32.store (i32.const 20) (i32.const 6))
    (call $must (call $fd_write (local.get 0) (i32.const 16) (i32.const 1) (i32.const 24))))
  (func (export "_start")
    ;; BODY
  ))
