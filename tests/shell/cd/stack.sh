mkdir -p x/y; top=$PWD
pushd x > /dev/null; pushd y > /dev/null; basename "$PWD"; popd > /dev/null; basename "$PWD"; popd > /dev/null; [ "$PWD" = "$top" ] && echo back
popd 2>/dev/null; echo $?
pushd / > /dev/null; dirs -p | wc -l; dirs +0
