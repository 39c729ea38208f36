( (echo a); (echo b) )
x=$( (echo c) ); echo $x
((echo d); (echo e)) | sort
