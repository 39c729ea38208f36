printf '%n' foo; echo $foo
