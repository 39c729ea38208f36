touch a1 a2
shopt -s nullglob; echo x* [b]* a? "x*"
set -- z*; echo $#
shopt -u nullglob; echo z*
shopt -s failglob; echo z* never
echo "next: $?"
case z in z*) echo case is no glob;; esac
