false; x=1; echo $?
false; x=$(true); echo $?
x=$(false); echo $?
false; $(true); echo $?
$(false); echo $?
false; if false; then :; fi; echo $?
false; for i in; do :; done; echo $?
false; case a in b) ;; esac; echo $?
false; while false; do :; done; echo $?
false; f() { :; }; echo $?
