echo if then else fi do done case esac while for in
if=1; echo $if
x() { echo then; }; x
for in in in; do echo $in; done
case in in in) echo esac;; esac
