e=1; for i in {1..100}; do e="($e+1)"; done
echo $((e)) $(( $e ))
