if true; then :; fi; { :; }; (:)
! false; echo $?
! ! true; echo $?
>out; < out cat; echo $?
a=1 b=2 >out; echo $a$b
{ echo one; } 2>&1 | { cat; }; ( (echo nested) ); ((1)); (((1)))
while false; do :; done; until true; do :; done
for i do echo never; done; for i in; do echo never; done
case x in x) esac; case in in in) echo in;; esac
function f() { echo f; } ; f; g () if true; then echo g; fi; g
echo if then else; echo { } ; echo [[ ]]; time=1; echo $time
true &&
  echo a ||

  echo b
