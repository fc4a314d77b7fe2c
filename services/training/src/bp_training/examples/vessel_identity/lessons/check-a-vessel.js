"use strict";

const answers = { q1: "b", q2: "a", q3: "c", q4: "a", q5: "c" };
const mastery = 80;

document.getElementById("questions").addEventListener("submit", (event) => {
  event.preventDefault();
  const given = new FormData(event.target);
  const right = Object.keys(answers).filter((question) => given.get(question) === answers[question]);
  const points = (100 * right.length) / Object.keys(answers).length;
  lesson.score(points, mastery);
  document.getElementById("status").textContent =
    points >= mastery
      ? `${points} points: passed.`
      : `${points} points. Look again at questions ${Object.keys(answers)
          .filter((question) => !right.includes(question))
          .map((question) => question.slice(1))
          .join(", ")}.`;
});
