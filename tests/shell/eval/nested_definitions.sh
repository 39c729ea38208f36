eval 'f() { eval "g() { echo nested; }"; }'; f; g
