(component
  (type $the-inputs (record (field "some-pair" (tuple u8 u8))))
  (import "inputs" (type $inputs (eq $the-inputs)))
  (core module $m
    (memory (export "memory") 1)
    (func (export "run") (param i32 i32) (result i32) unreachable))
  (core instance $i (instantiate $m))
  (func $run (param "inputs" $inputs) (result (result (error string)))
    (canon lift (core func $i "run") (memory (core memory $i "memory"))))
  (export "run" (func $run)))
