s=':'; for i in {1..60}; do s="if true; then { ( $s ); }; fi"; done
eval "$s"; echo $?
