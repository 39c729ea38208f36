echo "hello.sh: in $(pwd), EXTRA=$EXTRA, FROM_FUNCTION=$FROM_FUNCTION, WHO=$WHO, GREETING=$GREETING"
ls /tmp /func
echo x > /func/x
printf '{"name":"greeting","value":"hello %s"}\n\n{"name":"count","value":%s}\n' "$1" "$2" >> "$3"
printf '{"level":"warning","message":"%s is greeted","file":"/workspace/people.txt","line":%s}\n' \
  "$1" "$2" >> "$GREENROOM_ANNOTATIONS"
