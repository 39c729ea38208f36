my-func() { echo dash; }; my-func
a.b() { echo dot; }; a.b
ns::f() { echo colon; }; ns::f
